/** Copying and clearing bytes of shared memory, for Node; `bytes.browser.ts` is their twin. */
import { builtInModule } from "./built-in-module.js";

// Held, as kernels may put something else in their places.
const { Buffer } = builtInModule("node:buffer");
const { from } = Buffer;
const fill = Function.prototype.call.bind(Buffer.prototype.fill) as (
  target: Buffer,
  source: Uint8Array,
  start: number,
  end: number,
) => Buffer;

// Below this, what it takes to enter native code is more than it saves.
const FEW = 4096;
const ZERO = Buffer.alloc(1);

/**
 * Copies all of `source` to the start of `target`. Where one of them is shared, `set` copies word by word, as another
 * thread may be looking on, and `Buffer.fill` as memcpy does: 64 MB take 9.7 ms in place of 12.2, 64 KB 1.9 µs in place
 * of 4.0. Nobody may be writing either meanwhile.
 * @throws RangeError where there is no room for it
 */
export function copyBytes(target: Uint8Array, source: Uint8Array): void {
  if (source.length < FEW) target.set(source);
  else fill(bufferOf(target), source, 0, source.length);
}

/** Makes all bytes zero. On shared memory `Uint8Array.fill` goes byte by byte: 64 MB take 39 ms in place of 8.5. */
export function clearBytes(target: Uint8Array): void {
  if (target.length < FEW) target.fill(0);
  else fill(bufferOf(target), ZERO, 0, target.length);
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return from(buffer as ArrayBuffer, byteOffset, length);
}
