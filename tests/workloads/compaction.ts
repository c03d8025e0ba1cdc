/** The rows of a table that pass a filter, dense and in order, and where they were. */
import { numbers, type Workload } from "./workload.js";

const price = Float64Array.from(numbers(50_000, 1000));

export const compaction: Workload = {
  run: (executor) =>
    executor.collectShared(
      { price },
      { price: Float64Array, at: Uint32Array },
      ({ price }, out, { start }) => {
        let count = 0;
        for (let i = 0; i < price.length; i++) {
          if (price[i]! < 970) continue;
          out.price[count] = price[i]!;
          out.at[count++] = start + i;
        }
        return count;
      },
    ),
  loop() {
    const at = Uint32Array.from(price.keys()).filter((i) => price[i]! >= 970);
    return { price: Float64Array.from(at, (i) => price[i]!), at };
  },
};
