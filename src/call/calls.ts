/**
 * The calls of one executor, and how each goes: plan → place → dispatch → collect → report. The passes of a call share its number,
 * signal, progress, lease and event.
 */

import type { ParallelConfig } from "../config/config.js";
import { ExecutorClosedError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { type Lease, leaseOver } from "../memory/lease.js";
import { clock } from "../platform/clock.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import type { Plan } from "../strategies/registry.js";
import type { StrategySet } from "../strategies/strategy-set.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import type { Reporter } from "../telemetry/reporter.js";
import type { Backend, CallSettings, JobCounts } from "./backend.js";
import { type CallHeader, CallRecord } from "./call-record.js";
import { runBeside } from "./joined-report.js";
import type { Outcome } from "./outcome.js";
import { PassRunner } from "./pass-runner.js";
import type { Planner } from "./planner.js";
import { callTrace, executionEvent } from "./report.js";
import { leaseOf, type Request } from "./request.js";
import { ResultStream } from "./result-stream.js";
import { SourceRun } from "./source-run.js";
import { totalsOf } from "./totals.js";
import type { StreamedResult } from "./types.js";

export class Calls implements Backend {
  readonly arena: Arena;
  readonly settings: CallSettings;
  readonly jobCounts: JobCounts;
  readonly #planner: Planner;
  readonly #reporter: Reporter;
  readonly #passes: PassRunner;
  /** Calls in progress. This is a list, because a set that becomes empty again and again makes new tables. */
  readonly #open: CallRecord[] = [];
  #isClosed = false;
  #onIdle: (() => void)[] = [];

  constructor(
    config: ParallelConfig,
    arena: Arena,
    strategies: StrategySet,
    planner: Planner,
    reporter: Reporter,
  ) {
    const { chunkSize, captures, verifyImmutable, maxWorkers } = config;
    this.arena = arena;
    const names = strategies.models.all.map(({ name }) => name);
    this.settings = { chunkSize, captures, verifyImmutable, strategies: ["auto", ...names], maxWorkers };
    this.#planner = planner;
    this.#reporter = reporter;
    const { metrics } = reporter;
    this.jobCounts = {
      submitted: () => metrics.submit(),
      completed: (jobs, began, now) => metrics.completeJobs(jobs, began, now),
      failed: (error, duration) => reporter.failed(reporter.number(), "submit", error, duration),
    };
    const isAlone = (): boolean => this.#open.length === 1;
    this.#passes = new PassRunner(config, arena, strategies, planner, reporter, isAlone);
  }

  checkOpen(call: string): void {
    if (this.#isClosed) throw new ExecutorClosedError(`${call}()`);
  }

  /** Whether no call is in progress. */
  get isIdle(): boolean {
    return this.#open.length === 0;
  }

  explain(request: Request): Plan {
    this.checkOpen("explain");
    return this.#planner.explain(request);
  }

  stream(read: () => Request, source?: object): AsyncIterable<StreamedResult<unknown>> {
    return new ResultStream(async (buffer, signal, onClosing) => {
      const request = read();
      if (request.options.ordered === true) buffer.order();
      if (source === undefined) return this.run(request, buffer, signal);
      return this.#runSource(request, source, buffer, signal, onClosing);
    });
  }

  /** A call whose passes run side by side, as their batches come. */
  async #runSource(
    request: Request,
    source: object,
    streamBuffer: StreamBuffer,
    ownSignal: AbortSignal,
    onClosing: (closing: Promise<void>) => void,
  ): Promise<void> {
    this.checkOpen(request.call);
    const { arena } = this;
    const lease = leaseOver(arena, request.table);
    const call = this.#begin(request, 0, streamBuffer, ownSignal);
    const run = new SourceRun({
      arena,
      request,
      source,
      streamBuffer,
      maxWorkers: this.settings.maxWorkers,
      begin: (pass, results) =>
        runBeside(call, pass, results, (record) => this.#passes.run(record, pass, this.#leaseOf(pass))),
      onClosing,
    });
    call.runs(run);
    try {
      await run.run();
      this.#end(call);
    } catch (error) {
      throw this.#fail(call, error);
    } finally {
      lease.close();
    }
  }

  /**
   * A call of one pass.
   * @param streamBuffer gets every result of a stream as it is ready
   * @param ownSignal aborted when the loop over a stream is left
   */
  run(request: Request, streamBuffer?: StreamBuffer, ownSignal?: AbortSignal): MaybePromise<Outcome> {
    // Single jobs were accepted before.
    if (request.jobs === undefined) this.checkOpen(request.call);
    const lease = this.#leaseOf(request);
    const { tasks, passes } = request.spec;
    const call = this.#begin(request, passes ?? tasks, streamBuffer, ownSignal);
    try {
      const outcome = this.#passes.run(call, request, lease);
      if (isPromise(outcome)) return this.#endLater(call, outcome);
      this.#end(call);
      return outcome;
    } catch (error) {
      throw this.#fail(call, error);
    }
  }

  /**
   * A call of several passes, one after the other.
   * @param header what the caller asks for
   * @param inputs the caller's arrays: their memory stays as it is until the call ends
   * @param tasks of all passes together, for progress
   * @param passes runs the passes, and makes the call's result of theirs. Options of the passes' own requests other than
   *   `strategy`, `timeout` and `taskSizeHintBytes` don't count
   */
  async runPasses<T>(
    header: CallHeader,
    inputs: Request["table"],
    tasks: number,
    passes: (run: (request: Request) => MaybePromise<Outcome>) => Promise<T>,
  ): Promise<T> {
    this.checkOpen(header.call);
    const lease = leaseOver(this.arena, inputs);
    const call = this.#begin(header, tasks);
    try {
      const result = await passes((request) => this.#passes.run(call, request, this.#leaseOf(request)));
      // The call may have been stopped between two passes.
      call.throwIfStopped();
      this.#end(call);
      return result;
    } catch (error) {
      throw this.#fail(call, error);
    } finally {
      lease.close();
    }
  }

  /** Stops every call in progress. */
  cancel(reason: unknown): void {
    for (const call of [...this.#open]) call.stop(reason);
  }

  /** From here on no call begins. Resolves when those in progress have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // A loop may never go on, or wait for this very call.
    for (const { streamBuffer } of this.#open) streamBuffer?.open();
    if (this.isIdle) return;
    await new Promise<void>((resolve) => {
      this.#onIdle.push(resolve);
    });
  }

  /** @throws TypeError if an array was released before */
  #leaseOf(request: Request): Lease {
    return request.guest?.lease.hold() ?? leaseOf(request, this.arena);
  }

  #begin(
    header: CallHeader,
    tasks: number,
    streamBuffer?: StreamBuffer,
    ownSignal?: AbortSignal,
  ): CallRecord {
    const number = header.jobs === undefined ? this.#reporter.submitted() : this.#reporter.number();
    const call = new CallRecord(number, header, tasks, streamBuffer, ownSignal);
    this.#open.push(call);
    return call;
  }

  async #endLater(call: CallRecord, outcome: Promise<Outcome>): Promise<Outcome> {
    try {
      const result = await outcome;
      this.#end(call);
      return result;
    } catch (error) {
      throw this.#fail(call, error);
    }
  }

  /** report. */
  #end(call: CallRecord): void {
    call.close(true);
    const totals = totalsOf(call);
    const { actual, wait, retries, ended } = totals;
    if (call.jobs === undefined) this.#reporter.completed(actual.total, wait, retries);
    else this.#reporter.metrics.retry(retries);
    if (call.ended >= Math.min(1, call.tasks) && this.#reporter.isHeard("parallel_execution")) {
      this.#reporter.executed(executionEvent(call, totals, this.#planner.here));
    }
    if (this.#reporter.isTracing) this.#reporter.traced(callTrace(call, ended, actual, undefined));
    this.#remove(call);
  }

  /** @returns the error */
  #fail(call: CallRecord, error: unknown): unknown {
    call.close(false);
    const { job, started, ownSignal } = call;
    const ended = clock();
    const isLeft = ownSignal?.aborted === true && error === ownSignal.reason;
    if (isLeft) this.#reporter.left(job, call.call, ended - started);
    else if (call.jobs === undefined) this.#reporter.failed(job, call.call, error, ended - started);
    if (call.passes.length > 0 && this.#reporter.isTracing) {
      this.#reporter.traced(callTrace(call, ended, undefined, isLeft ? undefined : error));
    }
    this.#remove(call);
    return error;
  }

  #remove(call: CallRecord): void {
    if (this.#open.at(-1) === call) this.#open.pop();
    else this.#open.splice(this.#open.indexOf(call), 1);
    if (this.isIdle) for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
