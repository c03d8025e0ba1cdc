/** What would make a call faster, in sentences. */
import { cheapestElsewhere } from "./choose.js";
import type { CostModels } from "./cost-model.js";
import type { HostProfile } from "./host-profile.js";
import type { Estimate, Limits, Plan, Workload } from "./plan.js";
import { bytes, ms } from "./print.js";

// How often a payload is placed before advice mentions it.
const OFTEN_PLACED = 2;
// The same for outputs that were dropped.
const OFTEN_DROPPED = 2;
// Fresh memory costs 0.5 ms per MB, memory that was used before 0.1 (Node 20). Below this the difference is little beside a
// call.
const LARGE_OUTPUTS = 1024 * 1024;
// A task of `map` below this spends a good part of its time in the loop around the kernel.
const SHORT_TASK_MS = 0.005;
const MANY_TASKS = 1000;
// The share of the tasks' time that results take. Above it, fewer results are worth it.
const MUCH_SENDING = 1 / 20;
// With this many chunks for each worker, all workers end at about the same time.
const FEW_CHUNKS = 4;
type AnyWorkload = Workload<never>;
type Workers = Pick<Limits<never>, "maxWorkers">;

// A hint that is off by more is reported.
const HINT_FACTOR = 4;

export function adviceFor<N extends string>(
  models: CostModels<N>,
  workload: Workload<N>,
  limits: Limits<N>,
  host: HostProfile,
  predicted: Plan<N>["predicted"],
): readonly string[] {
  const mayUseWorkers = limits.strategy !== models.here && limits.hereBecause === undefined;
  const here = predicted[models.here];
  const elsewhere = predicted[cheapestElsewhere(models, limits, predicted)];
  return [
    ...placedOften(workload, here, elsewhere),
    ...droppedOften(workload),
    ...shortTasks(workload, models.here),
    ...dearResults(workload, limits),
    ...(mayUseWorkers ? idleWorkers(workload, limits, host, elsewhere) : []),
    ...(mayUseWorkers ? slowStart(workload, here, elsewhere) : []),
  ];
}

function placedOften({ placedBefore }: AnyWorkload, here: Estimate, elsewhere: Estimate): string[] {
  const { times } = placedBefore;
  const wouldPay = elsewhere.total - elsewhere.place < here.total;
  if (times < OFTEN_PLACED || !wouldPay) return [];
  return [`these ${bytes(placedBefore.bytes)} were placed ${times} times: use executor.share()`];
}

function droppedOften({ droppedBefore }: AnyWorkload): string[] {
  const { times } = droppedBefore;
  if (times < OFTEN_DROPPED || droppedBefore.bytes < LARGE_OUTPUTS) return [];
  return [
    `outputs of ${bytes(droppedBefore.bytes)} were dropped ${times} times, and each needs fresh memory: ` +
      "use executor.release() when you have done with them",
  ];
}

function shortTasks<N extends string>({ call, tasks, kernel }: Workload<N>, here: N): string[] {
  if (call !== "map" || kernel === undefined || tasks < MANY_TASKS) return [];
  const each = kernel.perTask[here];
  if (each >= SHORT_TASK_MS) return [];
  return [`each task takes ${ms(each)}: map over columns instead, with mapShared() or transformShared()`];
}

function dearResults({ isCut, tasks, kernel }: AnyWorkload, { maxWorkers }: Workers): string[] {
  const isDear = kernel !== undefined && kernel.sending >= MUCH_SENDING;
  if (!isDear || !isCut || tasks < FEW_CHUNKS * maxWorkers) return [];
  const percent = Math.round(100 * kernel.sending);
  return [
    `sending ${tasks} results takes ${percent} % of the tasks' time: cut fewer chunks, with a larger chunkSize`,
  ];
}

function idleWorkers(
  { tasks }: AnyWorkload,
  limits: Workers,
  host: HostProfile,
  elsewhere: Estimate,
): string[] {
  const width = Math.min(limits.maxWorkers, host.parallelism);
  if (tasks < 2 || tasks >= width || elsewhere.compute < elsewhere.dispatch) return [];
  return [`${tasks} tasks keep only ${tasks} of ${width} threads busy: cut the work finer`];
}

function slowStart({ kernel, hint }: AnyWorkload, here: Estimate, elsewhere: Estimate): string[] {
  // Nobody knows whether workers are of use for an unknown kernel.
  if (kernel === undefined && hint === 0) return [];
  const isWorth = elsewhere.total - elsewhere.spawn < here.total;
  if (elsewhere.spawn === 0 || !isWorth || elsewhere.spawn < elsewhere.total / 2) return [];
  return [`most of the time goes into starting workers: call executor.start() ahead`];
}

/**
 * Judges a hint by the run: wrong if neither the payload nor the time bears it out.
 * @param predicted milliseconds of computing that it led to expect, of all threads together
 * @param busy milliseconds that were spent
 */
export function hintAdvice(
  hint: number,
  measuredTaskBytes: number,
  predicted: number,
  busy: number,
): string | undefined {
  if (hint === 0 || !isOff(hint, measuredTaskBytes) || !isOff(predicted, busy)) return undefined;
  const tooLarge = predicted > busy;
  return (
    `taskSizeHintBytes (${hint}) is too ${tooLarge ? "large" : "small"}: it led to expect ${ms(predicted)} of ` +
    `computing, and it was ${ms(busy)}; tasks have ${bytes(measuredTaskBytes)} of payload each`
  );
}

function isOff(a: number, b: number): boolean {
  return a > HINT_FACTOR * b || b > HINT_FACTOR * a;
}
