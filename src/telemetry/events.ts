/** The events that an executor reports. Types only. All times are milliseconds, all sizes bytes. */
import type { Plan, StrategyName } from "../plan/plan.js";

/** Names of the public calls. */
export type CallName = "mapShared" | "transformShared" | "reduceShared" | "map" | "streamShared";

/** Every call, once it is planned. */
export interface ParallelDecision {
  readonly call: CallName;
  /** The strategy that was chosen. */
  readonly decision: StrategyName;
  /** Why. */
  readonly reason: string;
  readonly tasks: number;
  /** Predicted milliseconds per strategy. */
  readonly predicted: Plan["predicted"];
  readonly bytesShared: number;
  readonly bytesToPlace: number;
}

/** Every call that ended with a result. */
export interface ParallelExecution {
  readonly call: CallName;
  readonly strategy: StrategyName;
  /** Tasks that were run. */
  readonly items: number;
  /** From the call to its result. */
  readonly duration: number;
  /** Threads that took part. */
  readonly workers: number;
  /** Time spent in tasks over workers times duration, in percent. */
  readonly workerUtilisationPct: number;
  /** The hint that the call was given; 0: none. */
  readonly taskSizeHintBytes: number;
  /** Copied into shared memory for this call. */
  readonly bytesPlaced: number;
  /** Used where they were, without a copy. */
  readonly bytesShared: number;
  /** Descriptors, kernels, `args` and items that were sent. */
  readonly metadataBytes: number;
}

/** A strategy failed and the next one takes over what is unfinished. */
export interface ParallelFallback {
  readonly call: CallName;
  readonly error: unknown;
  readonly from: StrategyName;
  readonly to: StrategyName;
}

export interface TelemetryEvents {
  readonly parallel_decision: ParallelDecision;
  readonly parallel_execution: ParallelExecution;
  readonly parallel_fallback: ParallelFallback;
}

type EventArguments = {
  [E in keyof TelemetryEvents]: [event: E, payload: TelemetryEvents[E]];
}[keyof TelemetryEvents];

/**
 * Receives every event; comparing `event` with a name narrows `payload`. What it throws is contained: telemetry never
 * fails a call.
 */
export type Telemetry = (...event: EventArguments) => void;
