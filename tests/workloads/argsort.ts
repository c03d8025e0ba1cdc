/** The order of the keys, stable: runs are sorted each by itself, then merged two by two. */
import type { Executor } from "sharray";
import { numbers, type Workload } from "./workload.js";

const keys = Float64Array.from(numbers(10_000, 3000));

export async function argsort(executor: Executor, given: Float64Array | Uint32Array): Promise<Uint32Array> {
  const keys = executor.share(given);
  let width = Math.ceil(keys.length / 64);
  const isBefore = (a: number, b: number): boolean => keys[a]! < keys[b]! || (keys[a] === keys[b] && a < b);
  let order = await executor.transformShared(
    keys.length,
    Uint32Array,
    (_, out, { start }) => {
      for (let i = 0; i < out.length; i++) out[i] = start + i;
      out.sort((a, b) => (isBefore(a, b) ? -1 : 1));
    },
    { chunkSize: width },
  );
  for (; width < keys.length; width *= 2) {
    order = await executor.transformShared(
      order,
      Uint32Array,
      (runs, out) => {
        let a = 0;
        let b = Math.min(width, runs.length);
        const end = b;
        for (let i = 0; i < out.length; i++) {
          const takesB = a === end || (b < runs.length && isBefore(runs[b]!, runs[a]!));
          out[i] = takesB ? runs[b++]! : runs[a++]!;
        }
      },
      { chunkSize: 2 * width },
    );
  }
  return order;
}

export const argsorting: Workload = {
  run: (executor) => argsort(executor, keys),
  loop: () => Uint32Array.from(Array.from(keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]!)),
};
