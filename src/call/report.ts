/** What a call that has ended tells: its event and its trace. */

import type { Lease } from "../memory/lease.js";
import type { Occupant } from "../plan/occupancy.js";
import type { Plan } from "../plan/plan.js";
import { performanceTime } from "../platform/runtime.js";
import type { RunReport } from "../strategies/job.js";
import type { CallTrace, ParallelExecution, TraceSpan } from "../telemetry/events.js";
import type { Execution } from "./execution.js";
import type { Measured } from "./measured-time.js";
import type { Request } from "./request.js";

/** A call from its first moment. */
export interface CallRecord {
  readonly job: number;
  readonly started: number;
  /** Replaced by one whose items are its own if the call has to wait. */
  request: Request;
  /** Aborted where the loop over a stream is left. */
  readonly ownSignal: AbortSignal | undefined;
  /** No other call was running. */
  readonly beganAlone: boolean;
  /** Undefined: it failed before it was planned. */
  plan: Plan | undefined;
  /** When the plan stood. */
  planned: number;
  execution: Execution | undefined;
  /** What it keeps busy. */
  occupant: Occupant | undefined;
  /** Over its memory, and over the arrays that it was given. */
  readonly lease: Lease;
  /** In the order in which they ran. */
  readonly runs: RunReport[];
  /** Ends the watch over signals and progress; with `true` after the last report. */
  stopWatching: ((completed: boolean) => void) | undefined;
  /** By `cancel()`, before it had its memory. */
  cancelled: { readonly reason: unknown } | undefined;
}

/** A course with its plan and its memory. */
export type Planned = CallRecord & { readonly plan: Plan; readonly execution: Execution };

export function busyOf(runs: readonly RunReport[]): number {
  return runs.reduce((total, { busy }) => total + busy, 0);
}

export function executionEvent(
  { job, request, plan, execution, runs }: Planned,
  { actual, wait }: Measured,
  hintAdvice: string | undefined,
): ParallelExecution {
  const { strategy } = runs.at(-1) as RunReport;
  const workers = Math.max(...runs.map((run) => run.workers));
  const duration = actual.total;
  const sent = runs.reduce((total, run) => total + run.metadataBytes, 0);
  return {
    job,
    call: request.call,
    strategy,
    items: plan.tasks,
    duration,
    wait,
    workers,
    workerUtilisationPct: duration === 0 ? 0 : Math.min(100, (100 * busyOf(runs)) / (workers * duration)),
    taskSizeHintBytes: plan.taskSizeHintBytes,
    bytesPlaced: execution.bytesPlaced,
    bytesShared: plan.bytesShared,
    metadataBytes: strategy === "sequential" ? 0 : sent + request.itemBytes,
    predicted: Object.freeze(plan.predicted[strategy]),
    actual: Object.freeze(actual),
    advice: hintAdvice === undefined ? plan.advice : [...plan.advice, hintAdvice],
  };
}

export function callTrace(
  { job, request, plan, planned, execution, runs, started }: CallRecord & { readonly plan: Plan },
  ended: number,
  actual: CallTrace["actual"],
  error: unknown,
): Omit<CallTrace, "executor"> {
  const { strategy } = runs.at(-1) ?? plan;
  const spans: TraceSpan[] = [onUsersClock({ name: "plan", start: started, end: planned })];
  const add = (name: TraceSpan["name"], start: number, end: number): void => {
    if (end > start) spans.push(onUsersClock({ name, start, end }));
  };
  if (execution?.placing !== undefined) add("place", execution.placing.start, execution.placing.end);
  for (const { woken, ready, computing } of runs) {
    add("spawn", woken, ready);
    if (computing === undefined) continue;
    add("dispatch", ready, computing.start);
    add("compute", computing.start, computing.end);
  }
  const last = runs.at(-1)?.computing;
  if (last !== undefined && error === undefined) add("results", last.end, ended);
  return {
    job,
    call: request.call,
    kernel: request.kernel.name,
    tasks: plan.tasks,
    strategy,
    reason: plan.reason,
    start: performanceTime(started),
    end: performanceTime(ended),
    spans,
    claims: runs.flatMap(({ claims }) => claims.map(onUsersClock)),
    predicted: plan.predicted[strategy],
    actual,
    error,
  };
}

function onUsersClock<T extends { readonly start: number; readonly end: number }>(span: T): T {
  return { ...span, start: performanceTime(span.start), end: performanceTime(span.end) };
}
