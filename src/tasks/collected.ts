/** `collectShared`: tasks write as many rows as they find, and a second pass copies these side by side. */
import { quote } from "../errors.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { JobSpec } from "../protocol/job-spec.js";

/** What the kernel returned, as a count of rows. @throws TypeError if it is none */
export function checkCount(returned: unknown, capacity: number): number {
  if (Number.isInteger(returned) && (returned as number) >= 0 && (returned as number) <= capacity) {
    return returned as number;
  }
  throw new TypeError(
    `Cannot collect the rows as the kernel must return how many it wrote, an integer from 0 to ${capacity}: ` +
      `current value is ${quote(returned)}; raise "capacity" if there is no room for all`,
  );
}

/** Copies the rows that one task wrote to their place among those of all tasks. */
export function rowCopier(
  spec: JobSpec,
  starts: number,
  table: readonly TypedArray[],
): (index: number) => void {
  const { inputs, outputs, per, capacity = 0 } = spec;
  const offsets = table[starts] as Float64Array;
  const columns = inputs.arrays.map((place, i) => ({
    from: table[place] as Float64Array,
    to: table[outputs?.arrays[i] as number] as Float64Array,
    width: per?.[i] ?? 1,
  }));
  return (index) => {
    const start = offsets[index] as number;
    const rows = (offsets[index + 1] as number) - start;
    const first = index * capacity;
    for (const { from, to, width } of columns) {
      to.set(from.subarray(first * width, (first + rows) * width), start * width);
    }
  };
}
