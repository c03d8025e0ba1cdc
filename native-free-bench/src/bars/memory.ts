/** Duels over moving memory, and over reading it. */
import { ParallelExecutor } from "../../../dist/index.js";
import { WORKERS } from "../harness/cell.js";
import { collect } from "../harness/collect.js";
import { type Contestant, checked, clock, type Field } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { CLONED, cloneEcho } from "../limits/echo.js";
import { native } from "../limits/native.js";
import { kernels } from "../scenarios/kernels/index.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const MB = 2 ** 20;

const payload = (): Float64Array<ArrayBuffer> => new Float64Array((64 * MB) / 8).fill(1);

/** Two tasks that see the payload whole: a view that was never seen, so that every call is a first one. */
const firstCall = (executor: ParallelExecutor, { buffer }: Float64Array<ArrayBuffer>): Contestant =>
  clock("first call", () =>
    executor.map([0, 1], (_, { x }) => x.length, { shared: { x: new Float64Array(buffer) } }),
  );

export const placing: Duel = {
  name: "First call over plain arrays of 64 MB, regions warm",
  reference: "memcpy",
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const plain = payload();
    const source = Buffer.from(plain.buffer);
    const target = Buffer.from(new SharedArrayBuffer(source.length));
    return {
      // What JavaScript has for it. `set` takes a quarter longer if the target is shared.
      contestants: [firstCall(executor, plain), clock("memcpy", () => target.fill(source))],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => ratiosOf(times, "first call", "memcpy"),
};

/** What a pool without shared memory does with the same call: the payload goes to each of the workers. */
export const cloning: Duel = {
  name: "The same by structured clone",
  reference: "first call",
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const plain = payload();
    const posted = cloneEcho(WORKERS, plain);
    return {
      contestants: [
        firstCall(executor, plain),
        ...posted.contestants,
        clock("structuredClone, once", () => structuredClone(plain)),
      ].map(collected),
      close: () => Promise.all([executor.shutdown(), posted.close()]),
    };
  },
  figures: (times) => ratiosOf(times, CLONED, "first call"),
};

/** What it leaves for the garbage collector would fall to the next contestant. */
function collected({ name, time }: Contestant): Contestant {
  return {
    name,
    time: async () => {
      const ms = await time();
      await collect();
      return ms;
    },
  };
}

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

/** @throws Error if there is no C compiler */
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
