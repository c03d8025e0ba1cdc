/** A duel over neighbours: a rolling window, whose chunks see the rows in front of them. */
import { ParallelExecutor } from "../../../dist/index.js";
import { checked } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { byHand } from "../limits/by-hand.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const ROWS = 20_000_000;
const QUICK_ROWS = 4_000_000;
const WINDOW = 500;
// The engine's own choice. Where a chunk begins shows in the last bits, as its sums begin anew.
const CHUNK = 65_536;

interface Statistics {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Mean and deviation of the last 500 rows, or of as many as there are. @param before rows in front of the first one that is asked for */
function roll(x: ArrayLike<number>, { mean, deviation }: Statistics, { before }: { before: number }): void {
  const window = 500;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < before; i += 1) {
    const value = x[i] as number;
    sum += value;
    squares += value * value;
  }
  for (let i = 0; i < mean.length; i += 1) {
    const at = i + before;
    const value = x[at] as number;
    sum += value;
    squares += value * value;
    if (at >= window) {
      const gone = x[at - window] as number;
      sum -= gone;
      squares -= gone * gone;
    }
    const count = Math.min(window, at + 1);
    const middle = sum / count;
    mean[i] = middle;
    deviation[i] = Math.sqrt(Math.max(0, squares / count - middle * middle));
  }
}

function rollByHand(rows: number, x: Float64Array) {
  const next = new Int32Array(new SharedArrayBuffer(4));
  const [mean, deviation] = [shared(rows), shared(rows)];
  const data = { x, mean, deviation, next, chunk: CHUNK, halo: WINDOW - 1 };
  const threads = byHand(data, roll, ({ x, mean, deviation, next, chunk, halo }, kernel) => {
    for (;;) {
      const start = Atomics.add(next, 0, 1) * chunk;
      if (start >= x.length) return;
      const end = Math.min(start + chunk, x.length);
      const first = Math.max(0, start - halo);
      const outputs = { mean: mean.subarray(start, end), deviation: deviation.subarray(start, end) };
      kernel(x.subarray(first, end), outputs, { before: start - first });
    }
  });
  return {
    run: async () => {
      next[0] = 0;
      await threads.run();
      return [mean, deviation];
    },
    close: threads.close,
  };
}

function shared(rows: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(8 * rows));
}

/** Both write arrays that are there already. New ones begin as zeros, which takes a quarter longer here. */
export const rolling: Duel = {
  name: `Rolling mean and deviation, window ${WINDOW}`,
  reference: "by hand",
  open: async (quick) => {
    const rows = quick ? QUICK_ROWS : ROWS;
    const executor = new ParallelExecutor(THREADS);
    const x = shared(rows);
    for (let i = 0; i < rows; i += 1) x[i] = Math.sin(i / 1000) + (i % 17) / 100;
    const own = { mean: shared(rows), deviation: shared(rows) };
    const hand = rollByHand(rows, x);
    const expected = (await hand.run()).map((array) => array.slice());
    const options = { halo: { before: WINDOW - 1, after: 0 }, chunkSize: CHUNK };
    const list = ({ mean, deviation }: Statistics): Float64Array[] => [mean, deviation];
    return {
      contestants: [
        checked(
          "transformShared",
          async () => list(await executor.transformShared(x, own, roll, options)),
          expected,
        ),
        checked("by hand", hand.run, expected),
      ],
      close: () => Promise.all([executor.shutdown(), hand.close()]),
    };
  },
  figures: (times) => ratiosOf(times, "transformShared", "by hand"),
};
