/** Memory of a child: copies of its parent's, by the parent's ids. */
import { collectGarbage } from "../../../platform/collector.js";

/** Memory of rounds. */
interface OwnMemory {
  readonly buffer: SharedArrayBuffer;
  /** Whether all of it is zero, except for what was put there since. */
  isFresh: boolean;
  /** Rounds that the child knows and that have it, of which one at most has begun and not ended. */
  users: number;
}

/**
 * Memory that the user holds is there until the parent says that it is not needed any more. Beside it, rounds have some of their
 * own, with undefined contents. What is the user's now may have been a round's before, which the child still knows: so both may
 * have the same id.
 */
export class ChildMemory {
  readonly #shared = new Map<number, SharedArrayBuffer>();
  readonly #own = new Map<number, OwnMemory>();
  /** Memory of rounds that are over. It is used again, because fresh memory costs a page fault per 4 KiB. */
  #idle: SharedArrayBuffer[] = [];
  #forgotten: number[] = [];

  /** The memory, which is made if it is not known. */
  open(id: number, isOwn: boolean, bytes: number): SharedArrayBuffer {
    return isOwn ? this.#openOwn(id, bytes) : this.#openShared(id, bytes);
  }

  /** @param own ids of the round's own memory */
  get(id: number, own: readonly number[]): SharedArrayBuffer {
    if (own.includes(id)) return (this.#own.get(id) as OwnMemory).buffer;
    return this.#shared.get(id) as SharedArrayBuffer;
  }

  /** A round has these as its own. @returns whether all of them were fresh */
  use(own: readonly number[]): boolean {
    let areFresh = true;
    for (const id of own) {
      const memory = this.#own.get(id) as OwnMemory;
      areFresh &&= memory.isFresh;
      memory.isFresh = false;
      memory.users += 1;
    }
    return areFresh;
  }

  /** A round does not use these any more. @param mayReuse whether nothing can reach them */
  leave(own: readonly number[], mayReuse: boolean): void {
    const left: SharedArrayBuffer[] = [];
    for (const id of own) {
      const memory = this.#own.get(id) as OwnMemory;
      memory.users -= 1;
      if (memory.users > 0) continue;
      this.#own.delete(id);
      if (mayReuse) left.push(memory.buffer);
    }
    // The next round is likely to need the same.
    if (left.length > 0) this.#idle = left;
  }

  /** The user holds these no more. */
  forget(shared: readonly number[]): void {
    for (const id of shared) this.#shared.delete(id);
    this.#forgotten.push(...shared);
  }

  /** @returns what was forgotten since the last time */
  collect(): number[] {
    this.#idle = [];
    collectGarbage();
    return this.#forgotten.splice(0);
  }

  #openShared(id: number, bytes: number): SharedArrayBuffer {
    let buffer = this.#shared.get(id);
    if (buffer === undefined) {
      buffer = new SharedArrayBuffer(bytes);
      this.#shared.set(id, buffer);
    }
    return buffer;
  }

  #openOwn(id: number, bytes: number): SharedArrayBuffer {
    let memory = this.#own.get(id);
    if (memory === undefined) {
      const at = this.#idle.findIndex(({ byteLength }) => byteLength === bytes);
      const [idle] = at === -1 ? [] : this.#idle.splice(at, 1);
      memory = { buffer: idle ?? new SharedArrayBuffer(bytes), isFresh: idle === undefined, users: 0 };
      this.#own.set(id, memory);
    }
    return memory.buffer;
  }
}
