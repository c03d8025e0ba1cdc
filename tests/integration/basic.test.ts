import { ParallelExecutor } from "sharray";
import { expect, test } from "vitest";

test("sums", async () => {
  await using executor = new ParallelExecutor({ maxWorkers: 2, strategy: "threads" });
  const sums = await executor.mapShared([new Float64Array([1, 2, 3]), new Float64Array([4])], (array) => {
    let s = 0;
    for (const v of array) s += v;
    return s;
  });
  expect(sums).toEqual([6, 4]);
});
