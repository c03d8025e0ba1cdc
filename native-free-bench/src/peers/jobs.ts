/** Single jobs, each with a promise that its own caller awaits: many at once, one at a time, and urgent ones among others. */
import { fileURLToPath } from "node:url";
import { ParallelExecutor, type SingleJob } from "../../../dist/index.js";
import { THREADS } from "../bars/calls.js";
import { judge } from "../bars/duel.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { type Contestant, checked, clock } from "../harness/contestant.js";
import { race, ratiosOf, rowsOf } from "../harness/race.js";
import { summarise } from "../harness/statistics.js";

const JOBS = 100_000;
const NUMBER = 21;

type Run = (item: number) => PromiseLike<number>;

/** Every job has a caller, who waits for it alone. */
async function callers(run: Run, count: number): Promise<number[]> {
  const results: number[] = [];
  const call = async (item: number): Promise<void> => {
    results[item] = await run(item);
  };
  const all: Promise<void>[] = [];
  for (let i = 0; i < count; i += 1) all.push(call(i));
  await Promise.all(all);
  return results;
}

async function peers(): Promise<readonly (readonly [name: string, run: Run])[]> {
  const { Piscina } = await import("piscina");
  const { FixedThreadPool } = await import("poolifier");
  const piscina = new Piscina({
    filename: new URL("workers/increment.js", import.meta.url).href,
    minThreads: WORKERS,
    maxThreads: WORKERS,
  });
  const file = fileURLToPath(new URL("workers/poolifier-increment.js", import.meta.url));
  const poolifier = new FixedThreadPool<number, number>(WORKERS, file);
  return [
    ["piscina", (item) => piscina.run(item) as Promise<number>],
    ["poolifier", (item) => poolifier.execute(item)],
  ];
}

export const manyJobsCell: Cell = {
  name: "21 single jobs",
  processes: 3,
  measure: async ({ quick, pace }: Effort): Promise<Partial<Measured>> => {
    const executor = new ParallelExecutor(THREADS);
    const increment = (item: number): number => item + 1;
    const contestant = (name: string, run: Run, count: number): Contestant => {
      const all = checked(
        name,
        () => callers(run, count),
        Array.from({ length: count }, (_, i) => i + 1),
      );
      return { name, time: async () => ((await all.time()) * JOBS) / count };
    };
    const ours = contestant("sharray", (item) => executor.submit(item, increment), JOBS);
    const theirs = (await peers()).map(([name, run]) => contestant(name, run, quick ? 5000 : JOBS));
    const times = await race([ours, ...theirs], pace);
    await executor.shutdown();
    const own = times.get(ours.name) ?? [];
    // The fastest peer of each round.
    const ahead = own.map(
      (ms, i) => Math.min(...theirs.map(({ name }) => times.get(name)?.[i] ?? Infinity)) / ms,
    );
    const what = `${JOBS} single jobs of next to nothing, each awaited by its own caller`;
    return {
      tables: [{ title: what, reference: ours.name, rows: rowsOf(times, ours.name) }],
      bars: [
        {
          number: NUMBER,
          what: `${what}: each`,
          limit: 2,
          rule: "at most",
          unit: "µs",
          figure: summarise(own.map((ms) => (1000 * ms) / JOBS)),
        },
        {
          number: NUMBER,
          what: "the same: ahead of the faster of piscina and poolifier",
          limit: 20,
          rule: "at least",
          unit: "x",
          figure: summarise(ahead.filter(Number.isFinite)),
        },
      ],
    };
  },
};

export const oneJobCell: Cell = {
  name: "21 one single job at a time",
  processes: 5,
  measure: (effort) =>
    judge(
      {
        name: "One tiny task, as a single job and as a call of one item",
        reference: "map of one item",
        open: async () => {
          const executor = new ParallelExecutor(THREADS);
          return {
            contestants: [
              clock("submit", () => executor.submit(0, () => 0)),
              clock("map of one item", () => executor.map([0], () => 0)),
            ],
            close: () => executor.shutdown(),
          };
        },
        figures: (times) => ratiosOf(times, "submit", "map of one item"),
      },
      effort,
      {
        number: NUMBER,
        what: "one single job at a time, hot, against a hot map of one item",
        limit: 1.3,
        rule: "at most",
        unit: "x",
      },
    ),
};

const MEAN_MS = 3;
const RANK_MS = 100;
/** Between two urgent jobs: all of them take as long as the others need. */
const URGENT_MS = 25;

export const urgentCell: Cell = {
  name: "21 urgent jobs",
  measure: async ({ quick }: Effort): Promise<Partial<Measured>> => {
    const waits: number[] = [];
    for (let run = 0; run < (quick ? 1 : 5); run += 1) waits.push(await urgentWait(run + 1));
    return {
      bars: [
        {
          number: NUMBER,
          what: "2,000 jobs of 1 to 5 ms, ranked anew every 100 ms, 60 % cancelled, one worker killed: urgent ones behind the ideal, in task lengths, p95",
          limit: 2,
          rule: "at most",
          unit: "x",
          figure: summarise(waits),
        },
      ],
    };
  },
};

/** @returns the 95th percentile of what urgent jobs start behind the ideal, in task lengths */
async function urgentWait(seed: number): Promise<number> {
  let state = seed;
  const random = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const executor = new ParallelExecutor(THREADS);
  await executor.start();
  const count = 2000;
  const starts = executor.allocate(Float64Array, count);
  const stops = executor.allocate(Float64Array, count);
  const now = (): number => performance.timeOrigin + performance.now();
  const jobs = new Map<number, SingleJob<number>>();
  const ends: number[] = new Array(count).fill(0);
  const submit = (i: number, priority: number): void => {
    const job = executor.submit(
      { i, ms: 1 + 4 * random(), dies: i === 7 },
      ({ i, ms, dies }, { starts, stops }) => {
        const isFirst = starts[i] === 0;
        const began = performance.now();
        starts[i] = performance.timeOrigin + began;
        if (dies && isFirst) process.exit(1);
        while (performance.now() < began + ms);
        stops[i] = performance.timeOrigin + performance.now();
        return i;
      },
      { writable: { starts, stops }, idempotent: true, priority },
    );
    jobs.set(i, job);
    const end = (): void => {
      ends[i] = (ends[i] as number) + 1;
      jobs.delete(i);
    };
    job.then(end, end);
  };
  const urgent = 40;
  const plain = count - urgent;
  for (let i = 0; i < plain; i += 1) submit(i, random());
  const cancelled = new Set<number>();
  const asked: number[] = [];
  let ranked = now();
  const began = ranked;
  while (jobs.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (now() - ranked >= RANK_MS) {
      ranked = now();
      for (const [i, job] of jobs) {
        if (i >= plain || i === 7 || starts[i] !== 0) continue;
        if (cancelled.size < 0.6 * count && random() < 0.1) {
          cancelled.add(i);
          job.cancel();
        } else job.priority = random();
      }
    }
    if (asked.length < urgent && now() - (asked.at(-1) ?? began) >= URGENT_MS) {
      const i = plain + asked.length;
      asked.push(now());
      submit(i, 2);
    }
  }
  await executor.shutdown();
  const isWrong = ends.some((times) => times !== 1) || [...cancelled].some((i) => starts[i] !== 0);
  if (isWrong) throw new Error("A job ended not exactly once, or started after it was cancelled");
  const late = behindIdeal(asked, [...starts.subarray(plain)], [...stops]).sort((a, b) => a - b);
  return (late[Math.floor(0.95 * late.length)] as number) / MEAN_MS;
}

/** An ideal starts an urgent job when the first of those that run has ended, and one after the other. All times in milliseconds. */
function behindIdeal(
  asked: readonly number[],
  starts: readonly number[],
  stops: readonly number[],
): number[] {
  const ends = stops.filter((end) => end > 0).sort((a, b) => a - b);
  return asked.map((at, i) => {
    const from = Math.max(at, starts[i - 1] ?? 0);
    const ideal = ends.find((end) => end >= from) ?? from;
    return Math.max(0, (starts[i] as number) - ideal);
  });
}
