/** Number, sum and greatest value of each of some groups. */
import { numbers, type Workload } from "./workload.js";

const GROUPS = 12;
const key = Uint8Array.from(numbers(20_000, GROUPS));
const value = Float64Array.from(numbers(20_000, 977));

const empty = () => ({
  count: new Uint32Array(GROUPS),
  sum: new Float64Array(GROUPS),
  most: new Float64Array(GROUPS).fill(Number.NEGATIVE_INFINITY),
});

export const groupBy: Workload = {
  run: (executor) =>
    executor.reduceShared(
      { key, value },
      ({ key, value }) => {
        const groups = empty();
        for (let i = 0; i < key.length; i++) {
          const group = key[i]!;
          groups.count[group]! += 1;
          groups.sum[group]! += value[i]!;
          groups.most[group] = Math.max(groups.most[group]!, value[i]!);
        }
        return groups;
      },
      (a, b) => ({
        count: a.count.map((count, group) => count + b.count[group]!),
        sum: a.sum.map((sum, group) => sum + b.sum[group]!),
        most: a.most.map((most, group) => Math.max(most, b.most[group]!)),
      }),
    ),
  loop() {
    const groups = empty();
    for (const [i, group] of key.entries()) {
      groups.count[group]! += 1;
      groups.sum[group]! += value[i]!;
      groups.most[group] = Math.max(groups.most[group]!, value[i]!);
    }
    return groups;
  },
};
