import { clearBytes } from "../platform/bytes.js";

// Node 20 makes no array of more than 4 GiB of bytes.
const LARGEST_PIECE = 2 ** 30;

/** Makes a part of a buffer zero, however large it is. */
export function clearPart({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
  for (let at = 0; at < byteLength; at += LARGEST_PIECE) {
    clearBytes(new Uint8Array(buffer, byteOffset + at, Math.min(LARGEST_PIECE, byteLength - at)));
  }
}
