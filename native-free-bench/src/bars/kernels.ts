/** Duels over what kernels are given: captured variables, random numbers. */
import { ParallelExecutor } from "../../../dist/index.js";
import { clock } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import type { Duel } from "./duel.js";

const CALLS = 50;
const DRAWS = 1_000_000;
const ITEMS = [0, 1];
// After 128 calls the engine has a reader of the variables made (docs/decisions/0012).
const SEEN_BEFORE = 150;

type Contestants = ReturnType<typeof clock>[];

function open(contestants: (executor: ParallelExecutor) => Contestants | Promise<Contestants>) {
  return async () => {
    const executor = new ParallelExecutor({ strategy: "sequential" });
    return { contestants: await contestants(executor), close: () => executor.shutdown() };
  };
}

/** Several calls, because one is short. */
function calls(name: string, call: () => Promise<unknown>) {
  return clock(name, async () => {
    for (let i = 0; i < CALLS; i += 1) await call();
  });
}

type Closure = (x: number) => number;

/** A closure that was called before, against the same values in `args`. */
function capturedDuel(name: string, makeClosure: (table: Float64Array) => Closure): Duel {
  return {
    name,
    reference: "in args",
    open: open(async (executor) => {
      const table = new Float64Array(16);
      const closure = makeClosure(table);
      const args = { rate: 2, table };
      for (let i = 0; i < SEEN_BEFORE; i += 1) await executor.map(ITEMS, closure);
      return [
        calls("captured", () => executor.map(ITEMS, closure)),
        calls("in args", () =>
          executor.map(ITEMS, (x, _, { args }) => x * args.rate + (args.table[x] as number), { args }),
        ),
      ];
    }),
    figures: (times) => {
      const inArgs = times.get("in args") ?? [];
      return (times.get("captured") ?? []).map((ms, i) => (1000 * (ms - (inArgs[i] as number))) / CALLS);
    },
  };
}

/** Its variables can't change. */
export const captured: Duel = capturedDuel("Two tiny tasks with two values", (table) => {
  const rate = 2;
  return (x) => x * rate + (table[x] as number);
});

/** One of its variables may change. */
export const capturedLet: Duel = capturedDuel("Two tiny tasks with two values, one of a let", (table) => {
  let rate = 1;
  const closure: Closure = (x) => x * rate + (table[x] as number);
  rate = 2;
  return closure;
});

/** A kernel without captured variables, if they may be copied and if they may not. */
export const nothingCaptured: Duel = {
  name: "Two tiny tasks without captured variables",
  reference: "refused",
  open: open((executor) => {
    const kernel = (x: number): number => 2 * x;
    return [
      calls("copied", () => executor.map(ITEMS, kernel, { captures: "copy" })),
      calls("refused", () => executor.map(ITEMS, kernel, { captures: "error" })),
    ];
  }),
  figures: (times) => ratiosOf(times, "copied", "refused"),
};

export const draws: Duel = {
  name: `${DRAWS} random numbers in a kernel`,
  reference: "Math.random",
  open: open((executor) => {
    const input = new Uint8Array(new SharedArrayBuffer(DRAWS));
    const options = { chunkSize: DRAWS };
    return [
      clock("rng", () =>
        executor.mapShared(
          input,
          (view, { rng }) => {
            let sum = 0;
            for (let i = 0; i < view.length; i++) sum += rng(i);
            return sum;
          },
          options,
        ),
      ),
      clock("Math.random", () =>
        executor.mapShared(
          input,
          (view) => {
            let sum = 0;
            for (let i = 0; i < view.length; i++) sum += Math.random();
            return sum;
          },
          options,
        ),
      ),
    ];
  }),
  figures: (times) => (times.get("rng") ?? []).map((ms) => (1e6 * ms) / DRAWS),
};
