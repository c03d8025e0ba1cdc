/** Many passes over a state: Jacobi's method on a square, held against gpu.js and against bare threads with a barrier. */
import { ParallelExecutor } from "../../../dist/index.js";
import { THREADS } from "../bars/calls.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { type Contestant, checked } from "../harness/contestant.js";
import { race, ratiosOf, rowsOf } from "../harness/race.js";
import { summarise } from "../harness/statistics.js";
import { byHand } from "../limits/by-hand.js";

const NUMBER = 21;
const SIDE = 1024;
const PASSES = 512;
const QUICK_PASSES = 128;
// Sums of four numbers below 7 in another order, in float32.
const TOLERANCE = 1e-3;

interface State<A> {
  readonly u: A;
}

interface Place {
  readonly before: number;
  readonly after: number;
  /** The row of the square that the chunk begins with. */
  readonly start: number;
  readonly shared: { readonly q: ArrayLike<number> };
}

/** One pass over rows of 1024. The edge of the square stays as it is. */
function sweep(
  { u }: State<ArrayLike<number>>,
  next: State<Float32Array>,
  { before, after, start, shared: { q } }: Place,
): void {
  const side = 1024;
  const out = next.u;
  const rows = out.length / side;
  for (let row = before === 0 ? 1 : 0; row < rows - (after === 0 ? 1 : 0); row += 1) {
    const seen = (row + before) * side;
    const source = (start + row) * side;
    for (let column = 1; column < side - 1; column += 1) {
      const i = seen + column;
      const beside = (u[i - 1] as number) + (u[i + 1] as number);
      const around = beside + (u[i - side] as number) + (u[i + side] as number);
      out[row * side + column] = 0.25 * (around + (q[source + column] as number));
    }
  }
}

/** Each thread has its rows. One that is done with a pass looks at a word until all are. */
function sweepByHand(u: Float32Array, q: Float32Array, passes: number) {
  const states = [0, 1].map(() => new Float32Array(new SharedArrayBuffer(4 * SIDE * SIDE)));
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const data = { states, q, ended, passes, side: SIDE };
  const hand = byHand(data, sweep, ({ states, q, ended, passes, side }, kernel, thread, threads) => {
    const start = Math.floor((thread * side) / threads);
    const end = Math.floor(((thread + 1) * side) / threads);
    const first = Math.max(0, start - 1);
    const last = Math.min(side, end + 1);
    const place = { before: start - first, after: last - end, start, shared: { q } };
    const views = states.map((state) => ({
      seen: { u: state.subarray(first * side, last * side) },
      own: { u: state.subarray(start * side, end * side) },
    }));
    for (let pass = 0; pass < passes; pass += 1) {
      kernel(views[pass % 2]!.seen, views[1 - (pass % 2)]!.own, place);
      Atomics.add(ended, 0, 1);
      while (Atomics.load(ended, 0) < threads * (pass + 1));
    }
  });
  const run = async (): Promise<Float32Array> => {
    for (const state of states) state.set(u);
    ended[0] = 0;
    await hand.run();
    return states[passes % 2] as Float32Array;
  };
  return { run, close: hand.close };
}

/** A value of a pipeline, of which only kernels know what is in it. */
type Handle = object;

/** What is used of it: its own types lack some of that. */
interface GpuJs {
  readonly GPU: new (options: {
    mode: string;
  }) => {
    createKernel(
      kernel: (
        this: { readonly thread: Record<"x" | "y", number>; readonly constants: { readonly last: number } },
        u: number[][],
        q: number[][],
      ) => number,
      options: object,
    ): (u: Handle, q: Handle) => Handle;
    createPipeline(
      orchestrate: (
        this: { readonly constants: { readonly passes: number } },
        u: Handle,
        q: Handle,
      ) => Handle,
      options: object,
    ): ((u: Handle, q: Handle) => Promise<Float32Array[]>) & { readonly executorKind: string };
    destroy(): Promise<void>;
  };
  input(values: Float32Array, size: readonly number[]): Handle;
}

/** What gpu.js offers for this: a pipeline that runs in its own threads, with all passes fused. */
async function openGpu(u: Float32Array, q: Float32Array, passes: number) {
  const { default: gpuJs } = (await import("gpu.js")) as unknown as { default: GpuJs };
  const { GPU, input } = gpuJs;
  const gpu = new GPU({ mode: "webasm" });
  const pass = gpu.createKernel(
    function (u, q) {
      const x = this.thread.x;
      const y = this.thread.y;
      if (x === 0 || y === 0 || x === this.constants.last || y === this.constants.last) return u[y]![x]!;
      return 0.25 * (u[y]![x - 1]! + u[y]![x + 1]! + u[y - 1]![x]! + u[y + 1]![x]! + q[y]![x]!);
    },
    { constants: { last: SIDE - 1 }, output: [SIDE, SIDE], poolSize: WORKERS },
  );
  const solve = gpu.createPipeline(
    function (u, q) {
      let state = u;
      for (let i = 0; i < this.constants.passes; i += 1) state = pass(state, q);
      return state;
    },
    { constants: { passes } },
  );
  const run = (): Promise<Float32Array[]> => solve(input(u, [SIDE, SIDE]), input(q, [SIDE, SIDE]));
  await run();
  if (solve.executorKind !== "fused-threaded") throw new Error(`gpu.js ran as ${solve.executorKind}`);
  return { run, close: () => gpu.destroy() };
}

/** It adds in float32 at each step, so its results are close and not the same. */
function near(name: string, run: () => Promise<Float32Array[]>, expected: Float32Array): Contestant {
  return {
    name,
    time: async () => {
      const started = performance.now();
      const rows = await run();
      const ms = performance.now() - started;
      const isNear = (value: number, i: number): boolean =>
        Math.abs(value - (expected[i] as number)) < TOLERANCE;
      if (!rows.every((row, y) => row.every((value, x) => isNear(value, y * SIDE + x)))) {
        throw new Error(`The result of "${name}" differs`);
      }
      return ms;
    },
  };
}

export const jacobiCell: Cell = {
  name: "21 Jacobi",
  measure: async ({ quick, pace }: Effort): Promise<Partial<Measured>> => {
    const passes = quick ? QUICK_PASSES : PASSES;
    const executor = new ParallelExecutor(THREADS);
    const u = executor.allocate(Float32Array, SIDE * SIDE);
    const q = executor.allocate(Float32Array, SIDE * SIDE);
    for (let i = 0; i < u.length; i += 1) {
      u[i] = (i % 7) / 10;
      q[i] = (i % 11) / 100;
    }
    const hand = sweepByHand(u, q, passes);
    const gpu = await openGpu(u, q, passes);
    const expected = (await hand.run()).slice();
    const options = { passes, halo: 1, rowLength: SIDE, shared: { q } };
    const iterate = async (): Promise<Float32Array> =>
      (await executor.iterateShared({ u }, sweep, options)).u;
    const times = await race(
      [
        checked("iterateShared", iterate, expected),
        checked("by hand", hand.run, expected),
        near("gpu.js", gpu.run, expected),
      ],
      pace,
    );
    await Promise.all([executor.shutdown(), hand.close(), gpu.close()]);
    const bare = times.get("by hand") ?? [];
    const over = (times.get("iterateShared") ?? []).map(
      (ms, i) => (1000 * (ms - (bare[i] as number))) / passes,
    );
    const what = `Jacobi's method, ${SIDE}² float32, ${passes} passes`;
    return {
      tables: [{ title: what, reference: "iterateShared", rows: rowsOf(times, "iterateShared") }],
      bars: [
        {
          number: NUMBER,
          what: `${what}: ahead of the fused pipeline of gpu.js`,
          limit: 1.5,
          rule: "at least",
          unit: "x",
          figure: summarise(ratiosOf(times, "gpu.js", "iterateShared")),
        },
        {
          number: NUMBER,
          what: `${what}: a pass, over the same kernel in bare threads with a barrier`,
          limit: 10,
          rule: "at most",
          unit: "µs",
          figure: summarise(over),
        },
      ],
    };
  },
};
