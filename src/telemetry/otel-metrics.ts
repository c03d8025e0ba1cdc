import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import type { RunsOn } from "../strategies/registry.js";
import { typeOf } from "./error-text.js";
import type { ParallelExecution, ParallelFailure, ParallelFallback } from "./events.js";

// The units of OpenTelemetry's conventions: seconds and shares. The events have milliseconds and percent.
const SECONDS_PER_MS = 1e-3;
// The default boundaries are made for milliseconds. Calls take from a tenth of one to minutes.
const SECONDS = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10].flatMap((decade) => [decade, 2.5 * decade, 5 * decade]);
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Metrics of all calls that end. */
export class CallMetrics {
  readonly #calls: Counter;
  readonly #failures: Counter;
  readonly #fallbacks: Counter;
  readonly #placed: Counter;
  readonly #duration: Histogram;
  readonly #wait: Histogram;
  readonly #utilization: Histogram;

  constructor(meter: Meter) {
    const seconds = { unit: "s", advice: { explicitBucketBoundaries: SECONDS } };
    this.#calls = meter.createCounter("sharray.calls", {
      unit: "{call}",
      description: "Calls that gave a result",
    });
    this.#failures = meter.createCounter("sharray.failures", {
      unit: "{call}",
      description: "Calls that rejected",
    });
    this.#fallbacks = meter.createCounter("sharray.fallbacks", {
      unit: "{fallback}",
      description: "Strategies that failed and were followed by another",
    });
    this.#placed = meter.createCounter("sharray.placed", {
      unit: "By",
      description: "Bytes that were copied into shared memory",
    });
    this.#duration = meter.createHistogram("sharray.call.duration", {
      ...seconds,
      description: "From a call to its result",
    });
    this.#wait = meter.createHistogram("sharray.call.wait", {
      ...seconds,
      description: "From a call to the start of its first task",
    });
    this.#utilization = meter.createHistogram("sharray.call.worker_utilization", {
      unit: "1",
      advice: { explicitBucketBoundaries: SHARES },
      description: "Time in tasks over the time of all threads that took part",
    });
  }

  executed({ call, strategy, duration, wait, workerUtilisationPct, bytesPlaced }: ParallelExecution): void {
    const labels = { "sharray.call": call, "sharray.strategy": strategy };
    this.#calls.add(1, labels);
    this.#placed.add(bytesPlaced, labels);
    this.#duration.record(duration * SECONDS_PER_MS, labels);
    this.#wait.record(wait * SECONDS_PER_MS, labels);
    this.#utilization.record(workerUtilisationPct / 100, labels);
  }

  /** @param strategy `undefined` if it failed before its plan */
  failed({ call, error }: ParallelFailure, strategy: RunsOn | undefined): void {
    const labels: Attributes = { "sharray.call": call, "error.type": typeOf(error) };
    if (strategy !== undefined) labels["sharray.strategy"] = strategy;
    this.#failures.add(1, labels);
  }

  fellBack({ call, from, to }: ParallelFallback): void {
    this.#fallbacks.add(1, {
      "sharray.call": call,
      "sharray.from_strategy": from,
      "sharray.to_strategy": to,
    });
  }
}
