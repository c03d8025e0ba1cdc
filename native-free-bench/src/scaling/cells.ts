/** What a call costs as one thing grows and all else stays. */
import { ParallelExecutor } from "../../../dist/index.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { type Contestant, clock } from "../harness/contestant.js";
import { race, ratiosOf } from "../harness/race.js";
import { median, summarise } from "../harness/statistics.js";
import { callOn } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { scenarios } from "../scenarios/scenarios.js";
import { at, fit, inWords } from "./fit.js";

const KB = 2 ** 10;
const MB = 2 ** 20;
const TASKS = 8;

/** One contestant per step; all of them race, so that the steps meet the same machine. */
interface Steps {
  readonly title: string;
  readonly unit: string;
  readonly steps: readonly number[];
  readonly contestant: (executor: ParallelExecutor, step: number) => Contestant;
}

/** List of arrays that are `bytes` together. Pages that nobody touches occupy no memory. */
function arraysOf(bytes: number, kind: typeof ArrayBuffer | typeof SharedArrayBuffer): Uint8Array[] {
  return Array.from({ length: TASKS }, () => new Uint8Array(new kind(bytes / TASKS)));
}

const sharedPayload: Steps = {
  title: "payload on shared memory, 8 tasks with an empty kernel",
  unit: "MB",
  steps: [1 / KB, 1 / 64, 1 / 4, 4, 64, 512, 2048],
  contestant: (executor, megabytes) => {
    const arrays = arraysOf(megabytes * MB, SharedArrayBuffer);
    return clock(String(megabytes), () => executor.mapShared(arrays, () => 0));
  },
};

const plainPayload: Steps = {
  title: "plain payload, placed in every call, regions warm",
  unit: "MB",
  steps: [1 / KB, 1 / 64, 1 / 4, 1, 4, 16, 64, 256],
  contestant: (executor, megabytes) => {
    const arrays = arraysOf(megabytes * MB, ArrayBuffer);
    for (const array of arrays) array.fill(1);
    return clock(String(megabytes), () => executor.mapShared(arrays, () => 0));
  },
};

const tasks: Steps = {
  title: "tasks of one element each",
  unit: "task",
  steps: [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000],
  contestant: (executor, count) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(count));
    return clock(String(count), () => executor.mapShared(bytes, (view) => view[0], { chunkSize: 1 }));
  },
};

const inFlight: Steps = {
  title: "calls in flight, two tasks each, until all have their results",
  unit: "call",
  steps: [1, 3, 10, 30, 100, 300, 1000],
  contestant: (executor, count) => {
    const calls = (): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, () => executor.map([0, 1], () => 0)));
    return clock(String(count), calls);
  },
};

export const cells: readonly Cell[] = [
  { name: "payload, shared", measure: (effort) => grow(sharedPayload, effort) },
  { name: "payload, plain", measure: (effort) => grow(plainPayload, effort) },
  { name: "tasks", measure: (effort) => grow(tasks, effort) },
  { name: "calls in flight", measure: (effort) => grow(inFlight, effort) },
  { name: "workers", measure: growWorkers },
];

async function grow(
  { title, unit, steps, contestant }: Steps,
  { quick, pace }: Effort,
): Promise<Partial<Measured>> {
  // The largest steps are a matter of seconds.
  const chosen = quick ? steps.slice(0, -2) : steps;
  await using executor = new ParallelExecutor({
    strategy: "threads",
    maxWorkers: WORKERS,
    idleTimeout: 3_600_000,
  });
  const times = await race(
    chosen.map((step) => contestant(executor, step)),
    pace,
  );
  const us = chosen.map((step) => summarise((times.get(String(step)) ?? []).map((ms) => 1000 * ms)));
  const growth = fit(chosen.map((x, i) => ({ x, us: us[i]?.median as number })));
  const points = chosen.map((x, i) => ({ x, us: us[i] as (typeof us)[number], fitted: at(growth, x) }));
  return { curves: [{ title, unit, points, growth: inWords(growth, unit) }] };
}

/** Time falls with workers as far as the work is divided. As Amdahl has it, one part is, and one is not. */
async function growWorkers({ quick, pace }: Effort): Promise<Partial<Measured>> {
  const scenario = scenarios.find(({ name }) => name === "explain wide") as (typeof scenarios)[number];
  const prepared = scenario.prepare(quick);
  const shared = { ...prepared, arrays: shareByHand(prepared.arrays) };
  const counts = Array.from({ length: WORKERS }, (_, i) => i + 1);
  const executors = counts.map((maxWorkers) => new ParallelExecutor({ maxWorkers, idleTimeout: 3_600_000 }));
  const contestants = executors.map((executor, i) =>
    clock(String(counts[i]), () => callOn(executor, scenario, shared, scenario.chunks[0], "threads")),
  );
  const times = await race(contestants, pace);
  for (const executor of executors) await executor.shutdown();
  const us = counts.map((count) => summarise((times.get(String(count)) ?? []).map((ms) => 1000 * ms)));
  const growth = fit(counts.map((count, i) => ({ x: 1 / count, us: us[i]?.median as number })));
  const points = counts.map((x, i) => ({
    x,
    us: us[i] as (typeof us)[number],
    fitted: at(growth, 1 / x),
  }));
  const undivided = growth.fixed / at(growth, 1);
  const gain = median(ratiosOf(times, "1", String(WORKERS)));
  return {
    curves: [
      {
        title: `workers, scenario "${scenario.name}"`,
        unit: "worker",
        points,
        growth: `${WORKERS} workers are ${gain.toFixed(2)} times as fast as one; ${(100 * undivided).toFixed(1)} % of the time is not divided`,
      },
    ],
  };
}
