import type { Plan, StrategyName } from "../plan/plan.js";
import { emit } from "./emit.js";
import type { CallName, ParallelExecution, Telemetry } from "./events.js";
import { Metrics } from "./metrics.js";

/** What a finished call reports beyond its event. */
export interface Effort {
  /** Milliseconds that all its threads together spent in tasks. */
  readonly busy: number;
  readonly retries: number;
}

/** Tells what happens to calls: to the metrics, the telemetry listener and diagnostics_channel. */
export class Reporter {
  readonly metrics: Metrics;
  readonly #telemetry: Telemetry | undefined;

  constructor(telemetry: Telemetry | undefined, maxWorkers: number) {
    this.#telemetry = telemetry;
    this.metrics = new Metrics(maxWorkers);
  }

  submitted(): void {
    this.metrics.submit();
  }

  planned(call: CallName, plan: Plan): void {
    emit(this.#telemetry, "parallel_decision", {
      call,
      decision: plan.strategy,
      reason: plan.reason,
      tasks: plan.tasks,
      predicted: plan.predicted,
      bytesShared: plan.bytesShared,
      bytesToPlace: plan.bytesToPlace,
    });
  }

  fellBack(call: CallName, error: unknown, from: StrategyName, to: StrategyName): void {
    this.metrics.fallBack();
    emit(this.#telemetry, "parallel_fallback", { call, error, from, to });
  }

  completed(execution: Omit<ParallelExecution, "workerUtilisationPct">, { busy, retries }: Effort): void {
    const { duration, workers } = execution;
    this.metrics.complete(duration, busy, workers, retries);
    const workerUtilisationPct = duration === 0 ? 0 : Math.min(100, (100 * busy) / (workers * duration));
    emit(this.#telemetry, "parallel_execution", { ...execution, workerUtilisationPct });
  }

  failed(): void {
    this.metrics.fail();
  }
}
