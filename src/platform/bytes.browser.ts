/** Copying and clearing bytes of shared memory, for browsers; the twin of `bytes.ts`. */

/**
 * Copies all of `source` to the start of `target`. Nobody may write either meanwhile.
 * @throws RangeError if there is no room for it
 */
export function copyBytes(target: Uint8Array, source: Uint8Array): void {
  target.set(source);
}

/** Makes all bytes zero. */
export function clearBytes(target: Uint8Array): void {
  const { buffer, byteOffset, length } = target;
  const start = -byteOffset & 7;
  if (start >= length) {
    target.fill(0);
    return;
  }
  // The runtime clears shared memory element by element, so most of it goes by eight bytes.
  const words = Math.floor((length - start) / 8);
  target.fill(0, 0, start);
  new Float64Array(buffer, byteOffset + start, words).fill(0);
  target.fill(0, start + 8 * words);
}
