/** Results are equal when their bytes are. */

import type { Values } from "./workloads/workload.js";

export function compare(left: Values, right: Values): boolean {
  const [a, b] = [wordsOf(left), wordsOf(right)];
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

/** A short name of the bytes, to look at: FNV-1a over 32-bit words. */
export function fingerprint(values: Values): string {
  let hash = 0x811c9dc5;
  for (const word of wordsOf(values)) hash = Math.imul(hash ^ word, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function wordsOf({ buffer, byteOffset, byteLength }: Values): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
