/** The transit file of a pool: which of its bytes are in use, and for how long. */
import { closeFile, openTransitFile, readBytes, writeBytes } from "../../platform/transit-file.js";

const ALIGNMENT = 64;
const PAGE = 4096;

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
    return this.#take(bytes, (from) => from);
  }

  /**
   * The same for bytes that come from, or go to, this place of a memory. They lie half a page aside of it: some processors copy
   * between places that are equally far from the beginning of a page at a third of the speed (docs/decisions/0018).
   */
  takeAside(bytes: number, place: number): number {
    const inPage = (place - (place % ALIGNMENT) + PAGE / 2) % PAGE;
    return this.#take(bytes, (from) => from + ((inPage - (from % PAGE) + PAGE) % PAGE));
  }

  /** @param next the first place, from one on, where the bytes may begin */
  #take(bytes: number, next: (from: number) => number): number {
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const at = this.#gaps.findIndex(({ start, end }) => end - next(start) >= size);
    const gap = this.#gaps[at] ?? { start: this.#end, end: Infinity };
    const start = next(gap.start);
    const rests = [
      { start: gap.start, end: start },
      { start: start + size, end: gap.end },
    ].filter(({ start, end }) => start < end && end !== Infinity);
    if (gap.end === Infinity) {
      this.#end = start + size;
      this.#gaps.push(...rests);
    } else {
      this.#gaps.splice(at, 1, ...rests);
    }
    return start;
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
