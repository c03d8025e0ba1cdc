/** What `submit` returns: the promise of one job, which can be ranked anew and cancelled. */
import type { SingleJob } from "../types.js";

/** What a promise asks of its job, and what settles the promise. */
export interface JobControl {
  readonly priority: number;
  /** Given a promise that rejects, it rejects. A function of its own for that would take a fifth of a waiting job's memory. */
  resolve: (value: unknown) => void;
  rank(priority: number): void;
  stop(reason: unknown): void;
}

let resolver: JobControl["resolve"] = () => {};
// One function serves all promises, because making one for each takes longer.
const note = (resolve: JobControl["resolve"]): void => {
  resolver = resolve;
};

export class JobPromise extends Promise<unknown> implements SingleJob<unknown> {
  readonly #job: JobControl;

  constructor(job: JobControl) {
    super(note);
    job.resolve = resolver;
    this.#job = job;
  }

  get priority(): number {
    return this.#job.priority;
  }

  set priority(priority: number) {
    this.#job.rank(priority);
  }

  cancel(reason: unknown = new DOMException("The job was cancelled by its cancel()", "AbortError")): void {
    this.#job.stop(reason);
  }
}

// `then` gives a plain promise, and `await` takes this one as it is. With a constructor of its own that takes twice as long (Node 20).
Object.defineProperty(JobPromise.prototype, "constructor", {
  value: Promise,
  writable: true,
  configurable: true,
});

/** The promise of a job that was not accepted. */
export function refused(error: unknown): JobPromise {
  const nothing = (): void => {};
  const job: JobControl = { priority: 0, resolve: nothing, rank: nothing, stop: nothing };
  const promise = new JobPromise(job);
  job.resolve(Promise.reject(error));
  return promise;
}
