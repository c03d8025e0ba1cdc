/** What each trick of the engine gains: calls with all of them against calls without one. */
import { ParallelExecutor } from "../../../dist/index.js";
import type { Optimizations } from "../../../dist/platform/optimizations.js";
import { ITEMS, THREADS } from "../bars/calls.js";
import type { Cell, Effort, Measured } from "../harness/cell.js";
import { type Contestant, checked } from "../harness/contestant.js";
import { race, rowsOf } from "../harness/race.js";

/** All of them. */
const TRICKS = Object.keys({
  bell: true,
  spin: true,
  look: true,
  grain: true,
  slots: true,
  recycling: true,
} satisfies Record<keyof Optimizations, true>);

interface Workload {
  readonly name: string;
  /** Prepares the payload. @returns the call, and what it must give */
  readonly prepare: () => {
    readonly call: (executor: ParallelExecutor) => Promise<unknown>;
    readonly expected: unknown;
  };
}

const MB = 2 ** 20;

const workloads: readonly Workload[] = [
  {
    name: "two tiny tasks",
    prepare: () => ({ call: (executor) => executor.map([0, 1], (item) => 2 * item), expected: [0, 2] }),
  },
  {
    name: `${ITEMS} small items`,
    prepare: () => {
      const items = Array.from({ length: ITEMS }, (_, i) => i);
      return {
        call: (executor) => executor.map(items, (item) => Math.sqrt(item)),
        expected: items.map((item) => Math.sqrt(item)),
      };
    },
  },
  {
    name: "64 MB of plain input",
    prepare: () => {
      const source = new Float64Array((64 * MB) / 8).fill(1);
      // A view that was never seen, so that every call places it.
      const call = (executor: ParallelExecutor) =>
        executor.mapShared([new Float64Array(source.buffer)], (array) => array.length);
      return { call, expected: [source.length] };
    },
  },
];

export const cells: readonly Cell[] = workloads.map((workload) => ({
  name: workload.name,
  measure: (effort) => measure(workload, effort),
}));

const ALL = "all tricks";

async function measure({ name, prepare }: Workload, { pace }: Effort): Promise<Partial<Measured>> {
  const { call, expected } = prepare();
  const executors: ParallelExecutor[] = [];
  const contestant = (label: string, without: string): Contestant => {
    // Read when an executor is made.
    process.env["SHARRAY_WITHOUT"] = without;
    const executor = new ParallelExecutor(THREADS);
    delete process.env["SHARRAY_WITHOUT"];
    executors.push(executor);
    return checked(label, () => call(executor), expected);
  };
  const contestants = [contestant(ALL, ""), ...TRICKS.map((trick) => contestant(`without ${trick}`, trick))];
  const rows = rowsOf(await race(contestants, pace), ALL);
  await Promise.all(executors.map((executor) => executor.shutdown()));
  return { tables: [{ title: `${name}, one trick at a time left out`, reference: ALL, rows }] };
}
