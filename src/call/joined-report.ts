/** One report for passes that ran side by side, of which a call over a source has very many. */
import type { Estimate } from "../plan/plan.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import type { Plan, StrategyName } from "../strategies/registry.js";
import type { RunReport } from "../strategies/strategy.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import type { CallRecord, PassReport } from "./call-record.js";
import type { Request } from "./request.js";
import type { RunningPass } from "./source-parts.js";
import { sumOf } from "./totals.js";

/** Begins a pass of a call beside others. @param begin runs the record that it has of its own */
export function runBeside(
  call: CallRecord,
  request: Request,
  results: StreamBuffer,
  begin: (pass: CallRecord) => MaybePromise<unknown>,
): RunningPass {
  const pass = call.beside(request, results);
  let ended: MaybePromise<unknown>;
  try {
    ended = begin(pass);
    call.announced = pass.announced;
    if (isPromise(ended)) ended = ended.finally(() => passedBeside(call, pass));
  } finally {
    if (!isPromise(ended)) passedBeside(call, pass);
  }
  return { ended, stop: (reason) => pass.stop(reason) };
}

/** A pass that ran beside others of its call has ended. */
function passedBeside(call: CallRecord, { announced, passes }: CallRecord): void {
  call.announced = announced;
  for (const report of passes) call.passes = [joinedReport(call.passes[0], report)];
}

/** @param before of the passes that ended before; `undefined` if it is the first one */
function joinedReport(before: PassReport | undefined, report: PassReport): PassReport {
  const plan = planOf(report);
  if (before === undefined) return { ...report, plan, isJoined: true };
  return {
    ...report,
    plan: joinedPlan(before.plan, plan),
    tasks: before.tasks + report.tasks,
    started: before.started,
    planned: before.planned,
    runs: report.runs.reduce(joinedRuns, before.runs),
    placing: undefined,
    bytesPlaced: before.bytesPlaced + report.bytesPlaced,
    bytesShared: before.bytesShared + report.bytesShared,
    capturedBytes: Math.max(before.capturedBytes, report.capturedBytes),
    measured: joinedMeasure(before, report),
    isJoined: true,
  };
}

/** The pass was planned together with all that was on its way. This is its share of that. */
function planOf({ plan, tasks }: PassReport): Plan {
  const share = tasks / Math.max(1, plan.tasks);
  const predicted = mapped(plan.predicted, (estimate) => {
    const { spawn, place, dispatch, compute, results, total } = estimate;
    const shared = { compute: compute * share, results: results * share };
    return {
      spawn,
      place,
      dispatch,
      ...shared,
      total: total - (1 - share) * (compute + results),
    };
  });
  const { strategy, fallbacks, handOver, workers, taskBytes, taskSizeHintBytes, bytesShared, bytesToPlace } =
    plan;
  const { kernel, basis, host, reason, advice } = plan;
  return {
    strategy,
    fallbacks,
    handOver,
    tasks: plan.tasks,
    workers,
    taskBytes,
    taskSizeHintBytes,
    bytesShared,
    bytesToPlace,
    kernel,
    basis,
    predicted,
    reason,
    advice,
    host,
  };
}

/** The words are those of the first plan. */
function joinedPlan(before: Plan, { predicted, strategy, kernel }: Plan): Plan {
  return {
    ...before,
    strategy,
    kernel,
    predicted: mapped(before.predicted, (estimate, name) => sumOf([estimate, predicted[name]])),
  };
}

function mapped(
  predicted: Plan["predicted"],
  map: (estimate: Estimate, name: StrategyName) => Estimate,
): Plan["predicted"] {
  const entries = Object.entries(predicted) as [StrategyName, Estimate][];
  return Object.fromEntries(
    entries.map(([name, estimate]) => [name, map(estimate, name)]),
  ) as unknown as Plan["predicted"];
}

/** One run for each strategy, the last one last. */
function joinedRuns(runs: readonly RunReport[], run: RunReport): readonly RunReport[] {
  const same = runs.find(({ strategy }) => strategy === run.strategy);
  if (same === undefined) return [...runs, run];
  const [a, b] = [same.computing, run.computing];
  const joined: RunReport = {
    strategy: run.strategy,
    workers: Math.max(same.workers, run.workers),
    busy: same.busy + run.busy,
    sending: same.sending + run.sending,
    metadataBytes: same.metadataBytes + run.metadataBytes,
    retries: same.retries + run.retries,
    ran: same.ran + run.ran,
    left: run.left,
    woken: same.woken,
    ready: same.ready,
    computing: a && b ? { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) } : (a ?? b),
    claims: [...same.claims, ...run.claims],
  };
  return [...runs.filter((each) => each !== same), joined];
}

function joinedMeasure(before: PassReport, report: PassReport): PassReport["measured"] {
  if (before.measured === undefined || report.measured === undefined)
    return before.measured ?? report.measured;
  const actual = sumOf([before.measured.actual, report.measured.actual]);
  // They waited for the same workers.
  const spawn = Math.max(before.measured.actual.spawn, report.measured.actual.spawn);
  return { actual: { ...actual, spawn }, wait: before.measured.wait };
}
