/** Checks what a kernel that writes outputs returns. It does not count, so a kernel that returns its work has lost it. */
import { quote } from "../errors.js";
import { isTypedArray, type TypedArray } from "../memory/dtypes.js";
import { isRecord } from "../memory/inputs.js";

/**
 * Expressions such as `(x, out) => x.length` return numbers or the outputs themselves. These pass.
 * @throws TypeError for an array that is none of the outputs, and for lists and records that hold one
 */
export function checkReturned(returned: unknown, outputs: readonly TypedArray[]): void {
  if (typeof returned !== "object" || returned === null) return;
  if (!isLost(returned, outputs)) return;
  throw new TypeError(
    "Cannot keep what the kernel returned as a kernel with outputs must write to them: " +
      `current value is ${quote(returned)}; write it there, for example with set(), or call mapShared or map instead`,
  );
}

function isLost(returned: object, outputs: readonly TypedArray[]): boolean {
  if (isTypedArray(returned)) return !isOutput(returned, outputs);
  if (Array.isArray(returned)) {
    return returned.some((element) => !isTypedArray(element) || !isOutput(element, outputs));
  }
  return isRecord(returned) && Object.values(returned).some((value) => isLostColumn(value, outputs));
}

function isLostColumn(value: unknown, outputs: readonly TypedArray[]): boolean {
  return isTypedArray(value) ? !isOutput(value, outputs) : Array.isArray(value);
}

/** Whether it is an output, or a view of one. */
function isOutput({ buffer, byteOffset }: TypedArray, outputs: readonly TypedArray[]): boolean {
  return outputs.some((output) => {
    const at = byteOffset - output.byteOffset;
    return buffer === output.buffer && at >= 0 && at <= output.byteLength;
  });
}
