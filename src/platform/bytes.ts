/** Copying and clearing bytes of shared memory, for Node; `bytes.browser.ts` is their twin. */
import { builtInModule } from "./built-in-module.js";

// Held, because kernels may replace them.
const { Buffer } = builtInModule("node:buffer");
const { from } = Buffer;
const fill = Function.prototype.call.bind(Buffer.prototype.fill) as (
  target: Buffer,
  source: Uint8Array,
  start: number,
  end: number,
) => Buffer;

// Bytes. For fewer bytes, entering native code takes longer than it saves.
const FEW = 4096;
const ZERO = Buffer.alloc(1);

/**
 * Copies all of `source` to the start of `target`. Nobody may write either meanwhile. On shared memory `set` copies word by word, and
 * `Buffer.fill` as memcpy does (docs/decisions/0011).
 * @throws RangeError if there is no room for it
 */
export function copyBytes(target: Uint8Array, source: Uint8Array): void {
  if (source.length < FEW) target.set(source);
  else fill(bufferOf(target), source, 0, source.length);
}

/** Makes all bytes zero. On shared memory `Uint8Array.fill` goes byte by byte (docs/decisions/0011). */
export function clearBytes(target: Uint8Array): void {
  if (target.length < FEW) target.fill(0);
  else fill(bufferOf(target), ZERO, 0, target.length);
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return from(buffer as ArrayBuffer, byteOffset, length);
}
