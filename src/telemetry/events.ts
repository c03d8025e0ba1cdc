/** The events that an executor reports. Types only. All times are milliseconds, all sizes bytes. */
import type { Estimate } from "../plan/plan.js";
import type { Claim } from "../protocol/round.js";
import type { Plan, RunsOn } from "../strategies/registry.js";

/** Names of the public calls. */
export type CallName =
  | "mapShared"
  | "transformShared"
  | "reduceShared"
  | "map"
  | "mapInto"
  | "collectShared"
  | "iterateShared"
  | "submit"
  | "streamShared";

/** Every call, once it is planned, and once more when it changes its strategy on the way. */
export interface ParallelDecision {
  /** Names the call in all events of this thread. */
  readonly job: number;
  readonly call: CallName;
  /** The strategy that was chosen. */
  readonly decision: RunsOn;
  /** Why. */
  readonly reason: string;
  readonly tasks: number;
  /** Predicted milliseconds per strategy. */
  readonly predicted: Plan["predicted"];
  /** What the predictions rest on. */
  readonly basis: Plan["basis"];
  readonly bytesShared: number;
  readonly bytesToPlace: number;
}

/** Every call that ended with a result. */
export interface ParallelExecution {
  readonly job: number;
  readonly call: CallName;
  /** The strategy that finished the call. */
  readonly strategy: RunsOn;
  /** Tasks that were run. */
  readonly items: number;
  /** From the call to its result. */
  readonly duration: number;
  /** From the call until its first task started. */
  readonly wait: number;
  /** Threads that took part. */
  readonly workers: number;
  /** Time spent in tasks over workers times duration, in percent. */
  readonly workerUtilisationPct: number;
  /** The hint that the call was given; 0 if there was none. */
  readonly taskSizeHintBytes: number;
  /** Copied into shared memory for this call. */
  readonly bytesPlaced: number;
  /** Used where they were, without a copy. */
  readonly bytesShared: number;
  /** Descriptors, kernels, `args` and items that were sent. */
  readonly metadataBytes: number;
  /** Values of variables around the kernel, as they are sent; arrays that cross by reference are not among them. */
  readonly capturedBytes: number;
  /** What the plan predicted for the strategy that finished the call. */
  readonly predicted: Estimate;
  /** Where the time went: the same parts, measured. */
  readonly actual: Estimate;
  /** What would make this call faster or its plan better, in sentences. */
  readonly advice: readonly string[];
}

/** A strategy failed and the next one takes over what is unfinished. */
export interface ParallelFallback {
  readonly job: number;
  readonly call: CallName;
  readonly error: unknown;
  readonly from: RunsOn;
  readonly to: RunsOn;
}

/** Every call that rejected. Through diagnostics_channel only: the caller has the rejection. */
export interface ParallelFailure {
  readonly job: number;
  readonly call: CallName;
  readonly error: unknown;
  readonly duration: number;
}

/** Every loop over `streamShared` that was left before its end. Through diagnostics_channel only. */
export interface ParallelLeft {
  readonly job: number;
  readonly call: CallName;
  readonly duration: number;
}

export interface TelemetryEvents {
  readonly parallel_decision: ParallelDecision;
  readonly parallel_execution: ParallelExecution;
  readonly parallel_fallback: ParallelFallback;
}

/** A part of a call: when it began and ended, as `performance.now()` counts on the caller's thread. */
export interface TraceSpan {
  readonly name: "plan" | "place" | "spawn" | "dispatch" | "compute" | "results";
  readonly start: number;
  readonly end: number;
}

/** The trace of one call, for `sharray/trace`. Recorded only while somebody listens. */
export interface CallTrace {
  /** The executor's number, in the order of creation. */
  readonly executor: number;
  readonly job: number;
  readonly call: CallName;
  /** Name of the kernel; empty for a nameless one. */
  readonly kernel: string;
  readonly tasks: number;
  /** The strategy that finished the call. */
  readonly strategy: RunsOn;
  readonly reason: string;
  readonly start: number;
  readonly end: number;
  readonly spans: readonly TraceSpan[];
  readonly claims: readonly Claim[];
  readonly predicted: Estimate;
  /** `undefined` if the call failed, or if its loop was left. */
  readonly actual: Estimate | undefined;
  readonly error: unknown;
}

/** The messages on `node:diagnostics_channel`, as `sharray:<name>`. */
export interface ChannelMessages extends TelemetryEvents {
  readonly parallel_failure: ParallelFailure;
  readonly parallel_left: ParallelLeft;
  readonly call_trace: CallTrace;
}

type EventArguments = {
  [E in keyof TelemetryEvents]: [event: E, payload: TelemetryEvents[E]];
}[keyof TelemetryEvents];

/**
 * Receives every event; comparing `event` with a name narrows `payload`. What it throws is contained: telemetry never
 * fails a call.
 */
export type Telemetry = (...event: EventArguments) => void;
