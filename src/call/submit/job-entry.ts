/** A single job, from its submission to its end. */
import { clock } from "../../platform/clock.js";
import type { Stoppable } from "../abort-and-progress.js";
import type { JobGroup } from "./job-group.js";
import type { JobRound } from "./job-round.js";
import type { Ranked } from "./ranked-queue.js";
import type { JobControl, Settlers } from "./single-job.js";

/** Who has the job. */
interface Owner {
  rank(entry: JobEntry, priority: number): void;
  stop(entry: JobEntry, reason: unknown): void;
}

export class JobEntry implements Ranked, JobControl, Stoppable {
  readonly group: JobGroup;
  /** A number, or encoded; `undefined`: the group's request has it. */
  readonly item: number | Uint8Array | undefined;
  readonly order: number;
  readonly started = clock();
  /** Under which a newer job replaces it; `undefined`: none does. */
  readonly key: unknown;
  priority: number;
  place = -1;
  settlers!: Settlers;
  /** Which it is in; `undefined`: it waits, or is over. */
  round: JobRound | undefined;
  isOver = false;
  /** Ends the watch over its signal. */
  unwatch: (() => void) | undefined;
  readonly #owner: Owner;

  constructor(
    owner: Owner,
    group: JobGroup,
    item: JobEntry["item"],
    order: number,
    priority: number,
    key: unknown,
  ) {
    this.#owner = owner;
    this.group = group;
    this.item = item;
    this.order = order;
    this.priority = priority;
    this.key = key;
  }

  rank(priority: number): void {
    this.#owner.rank(this, priority);
  }

  stop(reason: unknown): void {
    this.#owner.stop(this, reason);
  }
}
