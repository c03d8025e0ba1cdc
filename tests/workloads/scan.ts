/** Running totals: of each chunk first, then within each chunk from what is in front of it. */
import { numbers, type Workload } from "./workload.js";

const x = Float64Array.from(numbers(30_000, 100));

export const scan: Workload = {
  async run(executor) {
    const shared = executor.share(x);
    const totals = await executor.mapShared(shared, (part) => part.reduce((sum, value) => sum + value, 0));
    const offsets = [0];
    for (const [i, total] of totals.entries()) offsets.push(offsets[i]! + total);
    return executor.transformShared(shared, Float64Array, (part, out, { index }) => {
      let sum = offsets[index]!;
      for (let i = 0; i < part.length; i++) {
        sum += part[i]!;
        out[i] = sum;
      }
    });
  },
  loop() {
    const sums = x.slice();
    for (let i = 1; i < sums.length; i++) sums[i]! += sums[i - 1]!;
    return sums;
  },
};
