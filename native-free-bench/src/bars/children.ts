/** The bars of the strategy `processes`. */
import { spawn } from "node:child_process";
import { ParallelExecutor } from "../../../dist/index.js";
import { ask } from "../harness/ask.js";
import { type Cell, WORKERS } from "../harness/cell.js";
import { checked, clock, type Field } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { median, summarise } from "../harness/statistics.js";
import { callOn, loop } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Scenario, scenarios } from "../scenarios/scenarios.js";
import { CHILDREN, ITEMS, payloadSize, smallItems, THREADS } from "./calls.js";
import { type Duel, judge } from "./duel.js";
import type { FamilyQuestion } from "./family-child.js";
import { joblibPerItem, NO_JOBLIB } from "./joblib.js";

const MB = 2 ** 20;
const FAMILY_CHILD = new URL("family-child.js", import.meta.url);

/** A message to a child of `fork()` and back. */
function ipcEcho(name: string): Field {
  const child = spawn(process.execPath, ["--eval", 'process.on("message", (it) => process.send(it));'], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  let received: (() => void) | undefined;
  child.on("message", () => received?.());
  const call = (): Promise<void> =>
    new Promise((resolve) => {
      received = resolve;
      child.send(1);
    });
  return { contestants: [clock(name, call)], close: async () => child.kill() };
}

const hotJob: Duel = {
  name: "Hot job of two tiny tasks on processes",
  reference: "IPC round trip",
  open: async () => {
    const executor = new ParallelExecutor(CHILDREN);
    const echo = ipcEcho("IPC round trip");
    const job = clock("job", () => executor.map([0, 1], () => 0));
    const close = (): Promise<unknown> => Promise.all([executor.shutdown(), echo.close()]);
    return { contestants: [job, ...echo.contestants], close };
  },
  figures: (times) => ratiosOf(times, "job", "IPC round trip"),
};

const firstCall: Duel = {
  name: "First call over plain arrays of 256 MB, two processes, memory used before",
  reference: "memcpy",
  open: async () => {
    const executor = new ParallelExecutor(CHILDREN);
    const plain = new Float64Array((256 * MB) / 8).fill(1);
    const source = Buffer.from(plain.buffer);
    const target = Buffer.from(new SharedArrayBuffer(source.length));
    const call = () => executor.map([0, 1], (_, { x }) => x.length, { shared: { x: plain } });
    return {
      contestants: [clock("first call", call), clock("memcpy", () => target.fill(source))],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => ratiosOf(times, "first call", "memcpy"),
};

const COMPUTING = "k-fold grid";

/** What two processes gain over one, over what two threads do. */
const gains: Duel = {
  name: `Two processes against one, beside threads: ${COMPUTING}`,
  reference: "two processes",
  open: async (quick) => {
    const scenario = scenarios.find(({ name }) => name === COMPUTING) as Scenario;
    const prepared = scenario.prepare(quick);
    const shared = { ...prepared, arrays: shareByHand(prepared.arrays) };
    const chunk = scenario.chunks[0];
    const expected = loop(scenario, shared, chunk);
    const places = [
      ["one process", { ...CHILDREN, maxWorkers: 1 }],
      ["two processes", { ...CHILDREN, maxWorkers: 2 }],
      ["one thread", { ...THREADS, maxWorkers: 1 }],
      ["two threads", { ...THREADS, maxWorkers: 2 }],
    ] as const;
    const executors = places.map(([, options]) => new ParallelExecutor(options));
    const contestants = places.map(([name, { strategy }], i) => {
      const executor = executors[i] as ParallelExecutor;
      return checked(name, () => callOn(executor, scenario, shared, chunk, strategy), expected);
    });
    return { contestants, close: () => Promise.all(executors.map((executor) => executor.shutdown())) };
  },
  figures: (times) => {
    const threads = ratiosOf(times, "one thread", "two threads");
    return ratiosOf(times, "one process", "two processes").map((gain, i) => gain / (threads[i] as number));
  },
};

/** Of this process, its children and their file, all that they had at any time. @returns as a share of the payload */
async function familyMemory(isShared: boolean, quick: boolean): Promise<number[]> {
  const bytes = (quick ? 64 : 256) * MB;
  const shares: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    const { grown } = await ask<{ grown: number }>(FAMILY_CHILD, {
      isShared,
      bytes,
    } satisfies FamilyQuestion);
    shares.push(grown / bytes);
  }
  return shares;
}

const memoryCell = (isShared: boolean): Cell => ({
  name: `18 processes: memory, ${isShared ? "shared" : "plain"}`,
  measure: async ({ quick }) => ({
    bars: [
      {
        number: 18,
        what: `memory of ${WORKERS} processes and their parent over a ${isShared ? "shared" : "plain"} payload`,
        // 10 % beside a copy for each.
        limit: WORKERS + 1 + 0.1,
        rule: "at most",
        unit: "x",
        figure: summarise(await familyMemory(isShared, quick)),
      },
    ],
  }),
});

export const childCells: readonly Cell[] = [
  memoryCell(true),
  memoryCell(false),
  {
    name: "18 processes: hot job",
    processes: 3,
    measure: (effort) =>
      judge(hotJob, effort, {
        number: 18,
        what: "hot job of two tiny tasks on processes against a round trip of child_process, p50",
        limit: 1.3,
        rule: "at most",
        unit: "x",
      }),
  },
  {
    name: "18 processes: small items",
    measure: async (effort) => {
      const measured = await judge(smallItems(WORKERS, CHILDREN), effort, {
        number: 18,
        what: "100,000 small items through map on processes: each, over the kernel",
        limit: 1,
        rule: "at most",
        unit: "µs",
      });
      const figures = joblibPerItem(ITEMS, effort.quick ? 3 : 9, WORKERS);
      if (figures === undefined) return { ...measured, skipped: [NO_JOBLIB] };
      const note = `joblib: ${median(figures).toFixed(1)} µs`;
      return { ...measured, bars: (measured.bars ?? []).map((bar) => ({ ...bar, note })) };
    },
  },
  {
    name: "18 processes: first call",
    measure: (effort) =>
      judge(firstCall, effort, {
        number: 18,
        what: "first call over plain arrays of 256 MB on two processes against memcpy",
        limit: 4,
        rule: "at most",
        unit: "x",
      }),
  },
  {
    name: "18 processes: payload size",
    measure: (effort) =>
      judge(payloadSize(CHILDREN), effort, {
        number: 18,
        what: "mapShared over shared arrays on processes, 1 GB against 1 KB, from the second call on",
        limit: 1.1,
        rule: "at most",
        unit: "x",
      }),
  },
  {
    name: "18 processes: two against one",
    processes: 3,
    measure: (effort) =>
      judge(gains, effort, {
        number: 18,
        what: `${COMPUTING}: gain of two processes over that of two threads`,
        limit: 0.95,
        rule: "at least",
        unit: "x",
      }),
  },
];
