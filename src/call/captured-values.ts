/** Encodes what a kernel takes along of the scopes around it. */
import { KernelCaptureError, quote } from "../errors.js";
import type { Kernel } from "../kernel/resolve.js";
import { ArrayTable } from "../protocol/array-table.js";
import { INLINE_LIMIT, ValueEncoder } from "../protocol/codec.js";

/**
 * Encodes as `args` are: arrays on shared memory cross by reference, large ones are placed, once for each array.
 * @param verify let every array cross by reference, so that changes are seen
 * @returns `undefined` if the kernel takes nothing along
 * @throws KernelCaptureError with the path of what can't be encoded
 */
export function encodeCaptured(
  { captured, name }: Kernel,
  table: ArrayTable,
  tasks: number,
  verify: boolean,
): Uint8Array | undefined {
  if (captured === undefined) return undefined;
  const encode = (values: object, into: ArrayTable): Uint8Array => {
    return new ValueEncoder(into, verify ? 0 : INLINE_LIMIT, tasks).encode(values, "captures");
  };
  try {
    return encode(captured.values, table).slice();
  } catch (error) {
    for (const [path, value] of Object.entries(captured.values)) {
      try {
        encode({ [path]: value }, new ArrayTable());
      } catch (cause) {
        throw refused(name, path, cause);
      }
    }
    throw error;
  }
}

/** @param cause tells what it must be, and is not */
function refused(kernel: string, path: string, cause: unknown): KernelCaptureError {
  const [, why = "can't be copied"] = / as it (must be .*)$/s.exec(String(cause)) ?? [];
  const error = new KernelCaptureError(`kernel ${quote(kernel)}`, [path], why);
  error.cause = cause;
  return error;
}
