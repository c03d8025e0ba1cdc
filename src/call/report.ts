/** What a call that has ended tells: its event and its trace. Both sum up over its passes. */

import { hintAdvice } from "../plan/advice.js";
import type { Estimate } from "../plan/plan.js";
import { performanceTime } from "../platform/runtime.js";
import type { StrategyName } from "../strategies/registry.js";
import type { CallTrace, ParallelExecution, TraceSpan } from "../telemetry/events.js";
import type { CallRecord, PassReport } from "./call-record.js";
import { busyOf, sumOf, type Totals } from "./totals.js";

type Told = Pick<CallRecord, "job" | "call" | "started" | "passes">;

export function executionEvent(
  { job, call, passes }: Told,
  { actual, wait }: Totals,
  here: StrategyName,
): ParallelExecution {
  const runs = passes.flatMap((pass) => pass.runs);
  const strategy = strategyOf(passes);
  const workers = Math.max(...runs.map((run) => run.workers));
  const duration = actual.total;
  const sent = total(runs, (run) => run.metadataBytes) + total(passes, (pass) => pass.itemBytes);
  const { plan } = passes[0] as PassReport;
  return {
    job,
    call,
    strategy,
    items: total(passes, (pass) => pass.tasks),
    duration,
    wait,
    workers,
    workerUtilisationPct:
      workers * duration === 0 ? 0 : Math.min(100, (100 * busyOf(runs)) / (workers * duration)),
    taskSizeHintBytes: plan.taskSizeHintBytes,
    bytesPlaced: total(passes, (pass) => pass.bytesPlaced),
    bytesShared: total(passes, (pass) => pass.bytesShared),
    metadataBytes: strategy === here ? 0 : sent,
    capturedBytes: total(passes, (pass) => pass.capturedBytes),
    predicted: Object.freeze(predictedOf(passes)),
    actual: Object.freeze(actual),
    advice: [...new Set(passes.flatMap(adviceIn))],
  };
}

/** @param actual `undefined` if the call failed, or its loop was left */
export function callTrace(
  { job, call, passes, started }: Told,
  ended: number,
  actual: Estimate | undefined,
  error: unknown,
): Omit<CallTrace, "executor"> {
  const { kernel, plan } = passes[0] as PassReport;
  return {
    job,
    call,
    kernel,
    tasks: total(passes, (pass) => pass.tasks),
    strategy: strategyOf(passes),
    reason: plan.reason,
    start: performanceTime(started),
    end: performanceTime(ended),
    spans: passes.flatMap(spansOf),
    claims: passes.flatMap(({ runs }) => runs.flatMap(({ claims }) => claims.map(onUsersClock))),
    predicted: predictedOf(passes),
    actual,
    error,
  };
}

function spansOf({ started, planned, ended, placing, runs, measured }: PassReport): TraceSpan[] {
  const spans: TraceSpan[] = [onUsersClock({ name: "plan", start: started, end: planned })];
  const add = (name: TraceSpan["name"], start: number, end: number): void => {
    if (end > start) spans.push(onUsersClock({ name, start, end }));
  };
  if (placing !== undefined) add("place", placing.start, placing.end);
  for (const { woken, ready, computing } of runs) {
    add("spawn", woken, ready);
    if (computing === undefined) continue;
    add("dispatch", ready, computing.start);
    add("compute", computing.start, computing.end);
  }
  const last = runs.at(-1)?.computing;
  if (last !== undefined && measured !== undefined) add("results", last.end, ended);
  return spans;
}

/** The advice of the plan, and what the run says about the hint. */
function adviceIn({ plan, taskBytes, runs }: PassReport): readonly string[] {
  const { kernel, host, tasks, taskSizeHintBytes } = plan;
  const perTask = kernel?.perTask[plan.strategy] ?? host.perTask + plan.taskBytes * host.computePerByte;
  const advice = hintAdvice(taskSizeHintBytes, taskBytes, tasks * perTask, busyOf(runs));
  return advice === undefined ? plan.advice : [...plan.advice, advice];
}

/** The strategy that finished the call. */
function strategyOf(passes: readonly PassReport[]): StrategyName {
  const { plan, runs } = passes.at(-1) as PassReport;
  return (runs.at(-1)?.strategy as StrategyName | undefined) ?? plan.strategy;
}

/** What the plans predicted for the strategies that finished the passes. */
function predictedOf(passes: readonly PassReport[]): Estimate {
  const estimates = passes.map((pass) => pass.plan.predicted[strategyOf([pass])]);
  return estimates.length === 1 ? (estimates[0] as Estimate) : sumOf(estimates);
}

function total<T>(list: readonly T[], figure: (each: T) => number): number {
  return list.reduce((sum, each) => sum + figure(each), 0);
}

function onUsersClock<T extends { readonly start: number; readonly end: number }>(span: T): T {
  return { ...span, start: performanceTime(span.start), end: performanceTime(span.end) };
}
