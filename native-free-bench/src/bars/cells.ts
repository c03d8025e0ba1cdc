/** The bars that need no peer; those that do are in ../peers. */
import { ParallelExecutor } from "../../../dist/index.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { checked } from "../harness/contestant.js";
import { rowsOf } from "../harness/race.js";
import { summarise } from "../harness/statistics.js";
import { NO_COMPILER, native } from "../limits/native.js";
import { bridgedJob } from "./bridge.js";
import { hotJob, payloadSize, smallItems, THREADS } from "./calls.js";
import { childCells } from "./children.js";
import { type Duel, fight, judge } from "./duel.js";
import { filter } from "./filter.js";
import { poolStart, resultBytes, transformBytes } from "./footprint.js";
import { captured, capturedLet, draws, nothingCaptured } from "./kernels.js";
import { cloning, placing, sumAgainstC } from "./memory.js";
import { nearestNeighbours } from "./nearest.js";
import { emptyPasses, life } from "./passes.js";
import { afterPause } from "./pauses.js";
import { wholeProcesses } from "./processes.js";
import { rolling } from "./rolling.js";
import { COMPUTING, judgeSpeedup } from "./speedup.js";

const RESULTS = 1_000_000;

const manyResults: Duel = {
  name: `${RESULTS} numbers as results`,
  reference: "loop",
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const input = new Uint8Array(new SharedArrayBuffer(RESULTS)).fill(7);
    const results = Array.from(input);
    const tasks = () => executor.mapShared(input, (view) => view[0] as number, { chunkSize: 1 });
    const loop = (): number[] => {
      const values = new Array<number>(RESULTS);
      for (let i = 0; i < RESULTS; i += 1) values[i] = input[i] as number;
      return values;
    };
    return {
      contestants: [checked("mapShared", tasks, results), checked("loop", loop, results)],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => {
    const loop = times.get("loop") ?? [];
    const map = times.get("mapShared") ?? [];
    return map.map((ms, i) => (1000 * (ms - (loop[i] as number) / WORKERS)) / RESULTS);
  },
};

export const cells: readonly Cell[] = [
  {
    name: "1 hot job",
    // Which cores the system gives to the caller and to its workers stays so for the whole life of a process.
    processes: 9,
    measure: (effort) =>
      judge(hotJob, effort, {
        number: 1,
        what: "hot job of two tiny tasks against a postMessage round trip, p50",
        limit: 1,
        rule: "at most",
        unit: "x",
      }),
  },
  ...[1, 20, 200].map(
    (ms): Cell => ({
      name: `20 after a pause of ${ms} ms`,
      measure: (effort) =>
        judge(afterPause(ms), effort, {
          number: 20,
          what: `two tiny tasks after a timer of ${ms} ms against a postMessage round trip after the same`,
          limit: 1.5,
          rule: "at most",
          unit: "x",
        }),
    }),
  ),
  {
    name: "3 small items",
    measure: (effort) =>
      judge(smallItems(WORKERS), effort, {
        number: 3,
        what: "100,000 small items through map: each, over the kernel",
        limit: 0.1,
        rule: "at most",
        unit: "µs",
      }),
  },
  {
    name: "4 payload size",
    measure: (effort) =>
      judge(payloadSize(), effort, {
        number: 4,
        what: "mapShared over shared arrays, 1 GB against 1 KB",
        limit: 1.1,
        rule: "at most",
        unit: "x",
      }),
  },
  { name: "5 first call", measure: firstCall },
  { name: "6 sum against C", measure: sum },
  ...COMPUTING.map(
    (scenario): Cell => ({
      name: `7 two workers: ${scenario}`,
      // Neighbours on the machine slow a core down for seconds.
      processes: 3,
      measure: (effort) => judgeSpeedup(scenario, effort),
    }),
  ),
  { name: "8 result bytes", measure: resultBytes },
  {
    name: "8 result time",
    measure: (effort) =>
      judge(manyResults, effort, {
        number: 8,
        what: "1,000,000 numbers as results: each, over the kernel",
        limit: 0.1,
        rule: "at most",
        unit: "µs",
      }),
  },
  { name: "9 pool start", measure: poolStart },
  { name: "10 transform memory", measure: transformBytes },
  {
    name: "11 bridge",
    processes: 5,
    measure: bridge,
  },
  { name: "12 whole processes", measure: wholeProcesses },
  {
    name: "15 captured variables",
    processes: 3,
    measure: (effort) =>
      judge(captured, effort, {
        number: 15,
        what: "two captured values, a call of a closure seen before: what it takes more than args",
        limit: 100,
        rule: "at most",
        unit: "µs",
      }),
  },
  {
    name: "15 captured variables that may change",
    processes: 3,
    measure: (effort) =>
      judge(capturedLet, effort, {
        number: 15,
        what: "two captured values that may change, a call of a closure seen before: what it takes more than args",
        limit: 100,
        rule: "at most",
        unit: "µs",
      }),
  },
  {
    name: "15 nothing captured",
    processes: 3,
    measure: (effort) =>
      judge(nothingCaptured, effort, {
        number: 15,
        what: "a kernel without captured variables, copied against refused",
        limit: 1.05,
        rule: "at most",
        unit: "x",
      }),
  },
  {
    name: "16 random numbers",
    processes: 3,
    measure: (effort) =>
      judge(draws, effort, {
        number: 16,
        what: "a random number in a kernel's loop",
        limit: 15,
        rule: "at most",
        unit: "ns",
      }),
  },
  ...childCells,
  {
    name: "21 rolling window",
    measure: (effort) =>
      judge(rolling, effort, {
        number: 21,
        what: "rolling mean and deviation with a halo, against the same loop in bare threads",
        limit: 1.05,
        rule: "at most",
        unit: "x",
      }),
  },
  {
    name: "21 filter",
    measure: (effort) =>
      judge(filter, effort, {
        number: 21,
        what: "filter to 3 % of the rows, ahead of a loop that knows the size",
        limit: 1.7,
        rule: "at least",
        unit: "x",
      }),
  },
  { name: "21 nearest neighbours", measure: nearestNeighbours },
  {
    name: "21 passes of Life",
    measure: (effort) =>
      judge(life, effort, {
        number: 21,
        what: "a pass of Life over 128² cells, over its kernel",
        limit: 10,
        rule: "at most",
        unit: "µs",
      }),
  },
  {
    name: "21 empty passes",
    measure: (effort) =>
      judge(emptyPasses, effort, {
        number: 21,
        what: "a pass of an empty kernel over 64 chunks",
        limit: 10,
        rule: "at most",
        unit: "µs",
      }),
  },
];

/** With the default strategy. If workers are told to run even two tiny tasks, three threads share the cores. */
async function bridge(effort: Effort): Promise<Partial<Measured>> {
  const judged = await judge(bridgedJob("auto"), effort, {
    number: 11,
    what: "hot job over the bridge, what it takes more than a local one, over a postMessage round trip",
    limit: 1,
    rule: "at most",
    unit: "x",
  });
  const threads = bridgedJob("threads");
  const rows = rowsOf(await fight(threads, effort), threads.reference);
  const { name: title, reference } = threads;
  return { ...judged, tables: [...(judged.tables ?? []), { title, reference, rows }] };
}

/** Two races, as the collections that clones need would empty the caches for the others. */
async function firstCall(effort: Effort): Promise<Partial<Measured>> {
  const times = await fight(placing, effort);
  const cloned = await fight(cloning, effort);
  return {
    tables: [
      { title: placing.name, reference: placing.reference, rows: rowsOf(times, placing.reference) },
      { title: cloning.name, reference: cloning.reference, rows: rowsOf(cloned, cloning.reference) },
    ],
    bars: [
      {
        number: 5,
        what: "first call over plain arrays of 64 MB against memcpy",
        limit: 1.3,
        rule: "at most",
        unit: "x",
        figure: summarise(placing.figures(times)),
      },
      {
        number: 5,
        what: "the same by structured clone, the payload to each of two workers, against that call",
        limit: 10,
        rule: "at least",
        unit: "x",
        figure: summarise(cloning.figures(cloned)),
      },
    ],
  };
}

async function sum(effort: Effort): Promise<Partial<Measured>> {
  const compiler = await native("sum", 1, 1, 0);
  if (compiler === undefined) return { skipped: [NO_COMPILER] };
  await compiler.close();
  return judge(sumAgainstC, effort, {
    number: 6,
    what: "sum of 256 MB against C -O2 with pthreads",
    limit: 1.25,
    rule: "at most",
    unit: "x",
  });
}
