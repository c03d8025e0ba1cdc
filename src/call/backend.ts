/** What the public calls rest on: the calls of this thread, or a client of another thread. */
import type { CapturesMode } from "../kernel/captured.js";
import type { Arena } from "../memory/arena.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import type { Plan } from "../strategies/registry.js";
import type { CallHeader } from "./call-record.js";
import type { Outcome } from "./outcome.js";
import type { Request } from "./request.js";
import type { StreamedResult } from "./types.js";

/** What of the configuration counts when calls are read. */
export interface CallSettings {
  readonly chunkSize: number | undefined;
  readonly captures: CapturesMode;
  readonly verifyImmutable: boolean;
  /** What the option `strategy` may be. */
  readonly strategies: readonly string[];
  /** Workers of the pool. This many rounds of single jobs run at a time. */
  readonly maxWorkers: number;
}

/** Counts single jobs. All times in milliseconds. */
export interface JobCounts {
  submitted(): void;
  /** These gave their results at `now`. The round in which they ran began at `began`. */
  completed(jobs: readonly { readonly started: number }[], began: number, now: number): void;
  failed(error: unknown, duration: number): void;
}

export interface Backend {
  /** The memory of `share` and `allocate`. */
  readonly arena: Arena;
  readonly settings: CallSettings;
  /** @throws the error that tells why nothing can be called any more */
  checkOpen(call: string): void;
  /** Runs a call of one pass. */
  run(request: Request): MaybePromise<Outcome>;
  /** Runs a call of several passes. See `Calls.runPasses`. */
  runPasses<T>(
    header: CallHeader,
    inputs: Request["table"],
    tasks: number,
    passes: (run: (request: Request) => MaybePromise<Outcome>) => Promise<T>,
  ): Promise<T>;
  /**
   * @param read makes the request anew: a stream starts with its loop
   * @param source gives the batches that it is over; `undefined` if the request has all
   */
  stream(read: () => Request, source?: object): AsyncIterable<StreamedResult<unknown>>;
  /** `undefined` if the other side counts each job as a call. */
  readonly jobCounts?: JobCounts;
  explain(request: Request): Plan | Promise<Plan>;
}
