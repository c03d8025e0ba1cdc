/** Arrays that share memory. What one task writes while another reads or writes it would depend on timing. */
import type { TypedArray } from "../memory/dtypes.js";

/** Whether two arrays have bytes in common. */
export function overlaps(a: TypedArray, b: TypedArray): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** @param what is to be written @param other what it lies over */
export function refuseOverlap(what: string, other: string, does: "read" | "write"): never {
  throw new TypeError(
    `Cannot write ${what} as it must not lie over ${other}, which other tasks ${does} at the same time: ` +
      "use another array, or a copy made with slice()",
  );
}
