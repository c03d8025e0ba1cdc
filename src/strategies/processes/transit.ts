/** The transit file of a pool: which of its bytes are in use, and for how long. */
import { closeFile, openTransitFile, readBytes, writeBytes } from "../../platform/transit-file.js";

const ALIGNMENT = 64;

interface Gap {
  readonly start: number;
  readonly end: number;
}

export class Transit {
  readonly fd = openTransitFile();
  /** Free bytes below the end, ascending. */
  #gaps: Gap[] = [];
  #end = 0;

  /** @returns where so many bytes are free */
  take(bytes: number): number {
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const at = this.#gaps.findIndex(({ start, end }) => end - start >= size);
    const gap = this.#gaps[at];
    if (gap === undefined) {
      this.#end += size;
      return this.#end - size;
    }
    const rest = { start: gap.start + size, end: gap.end };
    this.#gaps.splice(at, 1, ...(rest.start === rest.end ? [] : [rest]));
    return gap.start;
  }

  give(start: number, bytes: number): void {
    const end = start + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const at = this.#gaps.findIndex((gap) => gap.start > start);
    const next = at === -1 ? this.#gaps.length : at;
    this.#gaps.splice(next, 0, { start, end });
    // Neighbours become one.
    const merged: Gap[] = [];
    for (const gap of this.#gaps) {
      const last = merged.at(-1);
      if (last?.end === gap.start) merged[merged.length - 1] = { start: last.start, end: gap.end };
      else merged.push(gap);
    }
    if (merged.at(-1)?.end === this.#end) this.#end = (merged.pop() as Gap).start;
    this.#gaps = merged;
  }

  /** @returns false: there is no room for them */
  write(bytes: Uint8Array, at: number): boolean {
    return writeBytes(this.fd, bytes, at);
  }

  read(bytes: Uint8Array, at: number): void {
    readBytes(this.fd, bytes, at);
  }

  close(): void {
    closeFile(this.fd);
  }
}

export function noRoomError(): Error {
  return new Error("/dev/shm and the temporary directory have no room for a page, free some of either");
}
