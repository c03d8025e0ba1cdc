/** Duels over moving memory, and over reading it. */
import { ParallelExecutor } from "../../../dist/index.js";
import { WORKERS } from "../harness/cell.js";
import { collect } from "../harness/collect.js";
import { type Contestant, checked, clock, type Field } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { native } from "../limits/native.js";
import { kernels } from "../scenarios/kernels/index.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const MB = 2 ** 20;

async function openPlacing(rival: (source: Float64Array) => Contestant): Promise<Field> {
  const executor = new ParallelExecutor(THREADS);
  const source = new Float64Array((64 * MB) / 8).fill(1);
  return {
    contestants: [
      // A view that was never seen, so that every call is a first one.
      clock("first call", () => executor.mapShared([new Float64Array(source.buffer)], () => 0)),
      rival(source),
    ],
    close: () => executor.shutdown(),
  };
}

export const placing: Duel = {
  name: "First call over plain arrays of 64 MB, regions warm",
  reference: "memcpy",
  open: () =>
    openPlacing((source) => {
      const target = new Float64Array(new SharedArrayBuffer(source.byteLength));
      return clock("memcpy", () => target.set(source));
    }),
  figures: (times) => ratiosOf(times, "first call", "memcpy"),
};

export const cloning: Duel = {
  name: "The same against structuredClone",
  reference: "first call",
  open: () =>
    openPlacing((source) => {
      const { name, time } = clock("structuredClone", () => structuredClone(source));
      const timeAndCollect = async (): Promise<number> => {
        const ms = await time();
        await collect();
        return ms;
      };
      return { name, time: timeAndCollect };
    }),
  figures: (times) => ratiosOf(times, "structuredClone", "first call"),
};

const SUM = { units: (256 * MB) / 8, value: (i: number) => i % 1009 };

async function openSum(rival: (total: number) => Promise<Field>): Promise<Field> {
  const executor = new ParallelExecutor(THREADS);
  const x = new Float64Array(new SharedArrayBuffer(8 * SUM.units));
  for (let i = 0; i < x.length; i += 1) x[i] = SUM.value(i);
  const total = kernels.sum(x);
  const opponent = await rival(total);
  const call = () => executor.reduceShared(x, kernels.sum, (a, b) => a + b);
  return {
    contestants: [checked("sharray", call, total), ...opponent.contestants],
    close: () => Promise.all([executor.shutdown(), opponent.close()]),
  };
}

/** @throws Error where there is no C compiler */
export const sumAgainstC: Duel = {
  name: "Sum of 256 MB",
  reference: `C, ${WORKERS} threads`,
  open: () =>
    openSum(async (total) => {
      const program = await native("sum", SUM.units, WORKERS, total);
      if (program === undefined) throw new Error("There is no C compiler");
      return program;
    }),
  figures: (times) => ratiosOf(times, "sharray", `C, ${WORKERS} threads`),
};
