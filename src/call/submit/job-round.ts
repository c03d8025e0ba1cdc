/** Single jobs that run together. Each is settled by itself. */
import { PayloadMutatedError, WorkerLostError } from "../../errors.js";
import { clearInterval, setInterval } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import { unref } from "../../platform/runtime.js";
import type { Job } from "../../strategies/job.js";
import type { SingleJobs } from "../../strategies/single-jobs.js";
import type { Stoppable } from "../abort-and-progress.js";
import type { RequestedJobs } from "../request.js";
import type { JobEntry } from "./job-entry.js";
import type { JobGroup } from "./job-group.js";

// Jobs in a round are expected to take far less. If they do not, those that have not begun are ranked again.
const LOOK_MS = 4;

/** Hears how jobs end. */
interface Settler {
  resolve(entry: JobEntry, value: unknown): void;
  /** These were resolved at `now`. Their round began at `began`. */
  completed(entries: readonly JobEntry[], began: number, now: number): void;
  reject(entry: JobEntry, error: unknown, now: number): void;
  /** The job has not begun, and is to be ranked again. */
  again(entry: JobEntry): void;
}

export class JobRound implements RequestedJobs {
  readonly group: JobGroup<JobEntry>;
  readonly entries: readonly JobEntry[];
  readonly behind: number;
  readonly started = clock();
  readonly #settler: Settler;
  #run: Stoppable | undefined;
  #job: Job | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Those that are not over. */
  #left: number;
  #hasSettled = false;
  #wasStopped = false;

  constructor(group: JobGroup<JobEntry>, entries: readonly JobEntry[], settler: Settler) {
    this.group = group;
    this.entries = entries;
    this.behind = group.waiting.length;
    this.#settler = settler;
    this.#left = entries.length;
    for (const entry of entries) entry.round = this;
  }

  onRun(run: Stoppable, job?: Job): void {
    this.#run = run;
    this.#job = job;
    if (this.#left === 0) run.stop(undefined);
    else if (this.#left < this.entries.length) job?.singles?.recall();
    if (job !== undefined && this.entries.length > 1) {
      // Workers that run keep the process alive.
      this.#timer = unref(setInterval(() => this.#look(job), LOOK_MS));
    }
  }

  /** A job was cancelled, and is over. */
  cancelled(entry: JobEntry, reason: unknown): void {
    this.#left -= 1;
    if (this.#left === 0) this.#run?.stop(reason);
    else this.#job?.singles?.deny(this.entries.indexOf(entry));
  }

  settle(job: Job, error: unknown, busy?: number): number {
    this.#hasSettled = true;
    clearInterval(this.#timer);
    const { results } = job.parts.block;
    const isMutated = error instanceof PayloadMutatedError;
    const now = clock();
    const resolved: JobEntry[] = [];
    let failed = job.failure?.index;
    let ended = 0;
    for (let i = 0; i < this.entries.length; i += 1) {
      const entry = this.entries[i] as JobEntry;
      const hasEnded = !results.isPending(i) && (!results.isElsewhere(i) || job.received.has(i));
      // Tasks run in their order, so a lost worker was at the first one that has no result.
      if (!hasEnded && isTasks(error)) failed ??= i;
      if (hasEnded && i !== failed) ended += 1;
      if (entry.isOver || entry.round !== this) continue;
      if (isMutated || i === failed) this.#settler.reject(entry, error, now);
      else if (hasEnded) {
        this.#settler.resolve(entry, results.valueAt(i, job.received));
        resolved.push(entry);
      } else continue;
      this.#left -= 1;
    }
    this.#settler.completed(resolved, this.started, now);
    if (busy !== undefined && ended > 0) this.group.learn(ended, busy);
    return ended;
  }

  /** Whether jobs that have no result after this error run in another round, as none of them is to blame. */
  isCut(error: unknown): boolean {
    return this.#hasSettled && (this.#wasStopped || isTasks(error));
  }

  /** Settles those that have ended. If only a job goes on that nobody wants, the round is stopped. */
  #look(job: Job): void {
    const singles = job.singles as SingleJobs;
    if (!singles.haveBegun) return;
    singles.recall();
    const { results } = job.parts.block;
    const resolved: JobEntry[] = [];
    let running: JobEntry | undefined;
    for (const [i, entry] of this.entries.entries()) {
      if (entry.round !== this) continue;
      const hasEnded = singles.hasEnded(i);
      if (!hasEnded && singles.hasClaimed(i)) running ??= entry;
      if (entry.isOver || (!hasEnded && singles.hasClaimed(i))) continue;
      this.#left -= 1;
      if (hasEnded) {
        this.#settler.resolve(entry, results.valueAt(i, job.received));
        resolved.push(entry);
      } else this.#settler.again(entry);
    }
    this.#settler.completed(resolved, this.started, clock());
    if (running?.isOver !== true || this.#wasStopped) return;
    this.#wasStopped = true;
    job.stop(new DOMException("Nobody wants the job that runs", "AbortError"));
  }
}

/** Whether the error is about one task. */
function isTasks(error: unknown): boolean {
  return error instanceof WorkerLostError && error.index !== undefined;
}
