import type { Plan, StrategyName } from "../strategies/registry.js";
import { emit, isHeard, publish } from "./emit.js";
import type { CallName, CallTrace, ParallelExecution, Telemetry, TelemetryEvents } from "./events.js";
import { Metrics } from "./metrics.js";

let lastJob = 0;
let lastExecutor = 0;

/** Tells what happens to calls: to the metrics, the telemetry listener and diagnostics_channel. */
export class Reporter {
  readonly metrics: Metrics;
  readonly #telemetry: Telemetry | undefined;
  readonly #executor: number;
  /** Whether nobody hears of its calls, from which nothing is to be learned either. */
  readonly isMute: boolean;

  /** @param isMute tells nobody, and gives calls no numbers */
  constructor(telemetry: Telemetry | undefined, maxWorkers: number, isMute = false) {
    this.#telemetry = telemetry;
    this.isMute = isMute;
    if (!isMute) lastExecutor += 1;
    this.#executor = lastExecutor;
    this.metrics = new Metrics(maxWorkers);
  }

  /** A call was accepted. @returns its number */
  submitted(): number {
    this.metrics.submit();
    return this.number();
  }

  /** @returns a number of its own, for events beside those of counted calls */
  number(): number {
    if (this.isMute) return 0;
    lastJob += 1;
    return lastJob;
  }

  /** Whether calls are to be traced. */
  get isTracing(): boolean {
    return !this.isMute && isHeard("call_trace");
  }

  /** Whether anybody listens to the event. Otherwise it need not be made. */
  isHeard(event: keyof TelemetryEvents): boolean {
    return !this.isMute && (this.#telemetry !== undefined || isHeard(event));
  }

  /** @param reason in words; default: the plan's */
  planned(job: number, call: CallName, plan: Plan, decision: StrategyName, reason?: string): void {
    if (!this.isHeard("parallel_decision")) return;
    emit(this.#telemetry, "parallel_decision", {
      job,
      call,
      decision,
      reason: reason ?? plan.reason,
      tasks: plan.tasks,
      predicted: plan.predicted,
      basis: plan.basis,
      bytesShared: plan.bytesShared,
      bytesToPlace: plan.bytesToPlace,
    });
  }

  fellBack(job: number, call: CallName, error: unknown, from: StrategyName, to: StrategyName): void {
    this.metrics.fallBack();
    if (this.isMute) return;
    emit(this.#telemetry, "parallel_fallback", { job, call, error, from, to });
  }

  /** @param retries lost workers whose tasks ran again */
  completed(duration: number, wait: number, retries: number): void {
    this.metrics.complete(duration, wait, retries);
  }

  executed(execution: ParallelExecution): void {
    emit(this.#telemetry, "parallel_execution", execution);
  }

  failed(job: number, call: CallName, error: unknown, duration: number): void {
    this.metrics.fail();
    if (this.isMute) return;
    publish("parallel_failure", { job, call, error, duration });
  }

  /** The loop over a stream was left before its end. */
  left(job: number, call: CallName, duration: number): void {
    this.metrics.leave();
    publish("parallel_left", { job, call, duration });
  }

  traced(trace: Omit<CallTrace, "executor">): void {
    publish("call_trace", { executor: this.#executor, ...trace });
  }
}
