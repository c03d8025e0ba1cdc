/** Equal for equal results: numbers and typed arrays, also in lists of them. */
import { createHash } from "node:crypto";

export function digest(result: unknown): string {
  const hash = createHash("sha1");
  add(hash, result);
  return hash.digest("hex");
}

function add(hash: ReturnType<typeof createHash>, result: unknown): void {
  if (ArrayBuffer.isView(result)) {
    const bytes = new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
    // A copy: hashes do not read shared memory.
    hash.update(bytes.slice());
  } else if (Array.isArray(result)) {
    if (result.every((value) => typeof value === "number")) hash.update(Float64Array.from(result));
    else for (const value of result) add(hash, value);
  } else {
    hash.update(Float64Array.of(result as number));
  }
}
