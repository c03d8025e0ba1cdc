/** With `verifyImmutable`: compares the inputs of a pass with a snapshot from before its first task. */
import type { Arena } from "../memory/arena.js";
import type { Region } from "../memory/region.js";
import { type Change, isBefore, type Snapshot } from "../memory/snapshot.js";
import type { Job } from "../strategies/job.js";
import { failureOf } from "./failure.js";
import { mutatedError } from "./input-names.js";
import { snapshotOf } from "./needs.js";
import type { Request } from "./request.js";

export class InputCheck {
  readonly #request: Request;
  readonly #snapshot: Snapshot;
  /** The first change that is known. */
  #change: Change | undefined;

  constructor(request: Request, snapshot: Snapshot) {
    this.#request = request;
    this.#snapshot = snapshot;
  }

  /** @returns the region of the snapshot @throws MemoryLimitError */
  prepare(arena: Arena): Region {
    return this.#snapshot.prepare(arena);
  }

  /** Takes the snapshot. Further calls do nothing. */
  take(pause: () => Promise<void> | undefined): Promise<void> {
    return this.#snapshot.take(pause);
  }

  /** Notes that tasks run on the arrays. @param placed region of the plain ones; `undefined` if they stay where they are */
  ranOn(placed: Region | undefined): void {
    this.#snapshot.ranOn(placed);
  }

  /** A worker has found a change in its own copies. */
  changed(change: Change): void {
    if (this.#change === undefined || isBefore(change, this.#change)) this.#change = change;
  }

  /** Compares the inputs with the snapshot. */
  async compare(pause: () => Promise<void> | undefined): Promise<void> {
    const found = await this.#snapshot.findChange(pause);
    if (found !== undefined) this.changed(found);
  }

  /** @throws PayloadMutatedError if an input has changed, unless a task failed before all tasks that were given the change */
  throwIfChanged(job: Job): void {
    if (this.#change === undefined) return;
    const failure = failureOf(job, this.#request);
    const sightings = this.#request.sightings as NonNullable<Request["sightings"]>;
    const error = mutatedError(sightings, job.parts.spec, this.#change, failure);
    // What a later task changed is not to blame for the failure, and other strategies stop before that task.
    if (failure === undefined || error.firstTask <= failure.index) throw error;
  }
}

/** @returns `undefined` without `verifyImmutable` */
export function inputCheckOf(request: Request): InputCheck | undefined {
  const snapshot = snapshotOf(request);
  return snapshot && new InputCheck(request, snapshot);
}
