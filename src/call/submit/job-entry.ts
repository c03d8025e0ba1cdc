/** A single job, from its submission to its end. Many may wait, so that each should be small. */
import { clock } from "../../platform/clock.js";
import type { Stoppable } from "../abort-and-progress.js";
import type { JobGroup, WaitingJob } from "./job-group.js";
import type { JobControl } from "./single-job.js";

/** What few jobs have. */
interface Extra {
  /** The key under which a newer job replaces it. */
  readonly key: unknown;
  /** Ends the watch over its signal. */
  unwatch: (() => void) | undefined;
}

/** The round of a job, as the job sees it. */
interface OwnRound {
  readonly started: number;
  cancelled(entry: JobEntry, reason: unknown): void;
}

const OVER = -2;

export class JobEntry implements WaitingJob, JobControl, Stoppable {
  readonly group: JobGroup<JobEntry>;
  /** A number, or encoded; `undefined` if the group's request has it. */
  readonly item: number | Uint8Array | undefined;
  /** The order of submission. */
  readonly order: number;
  readonly started = clock();
  readonly extra: Extra | undefined;
  priority: number;
  place = -1;
  resolve!: JobControl["resolve"];
  /** The round that it is or was in; `undefined` if it waits. */
  round: OwnRound | undefined;

  constructor(
    group: JobGroup<JobEntry>,
    item: JobEntry["item"],
    order: number,
    priority: number,
    extra: Extra | undefined,
  ) {
    this.group = group;
    this.item = item;
    this.order = order;
    this.extra = extra;
    this.priority = priority;
  }

  get isOver(): boolean {
    return this.place === OVER;
  }

  end(): void {
    this.place = OVER;
    this.extra?.unwatch?.();
  }

  rank(priority: number): void {
    this.group.scheduler.rank(this, priority);
  }

  stop(reason: unknown): void {
    this.group.scheduler.stop(this, reason);
  }
}
