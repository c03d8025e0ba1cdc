/** Memory of a child: copies of its parent's, by the parent's ids. */
import { collectGarbage } from "../../../platform/collector.js";

interface Held {
  readonly buffer: SharedArrayBuffer;
  /** All of it is zero, but for what was put there since. */
  readonly isFresh: boolean;
}

export class ChildMemory {
  readonly #known = new Map<number, Held>();
  /** Of rounds that are over, to be used again: fresh memory costs a page fault per 4 KiB. */
  #idle: SharedArrayBuffer[] = [];
  #forgotten: number[] = [];

  /** The memory, which is made where it is not known. */
  open(id: number, bytes: number): SharedArrayBuffer {
    let held = this.#known.get(id);
    if (held === undefined) {
      held = this.#take(bytes);
      this.#known.set(id, held);
    }
    return held.buffer;
  }

  get(id: number): SharedArrayBuffer {
    return (this.#known.get(id) as Held).buffer;
  }

  isFresh(id: number): boolean {
    return (this.#known.get(id) as Held).isFresh;
  }

  /** Memory that no round uses any more. @param mayReuse whether nothing can reach it */
  leave(ids: readonly number[], mayReuse: boolean): void {
    const left: SharedArrayBuffer[] = [];
    for (const id of ids) {
      const held = this.#known.get(id);
      this.#known.delete(id);
      if (held !== undefined && mayReuse) left.push(held.buffer);
    }
    // The next round is likely to need the same.
    if (left.length > 0) this.#idle = left;
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.#known.delete(id);
    this.#forgotten.push(...ids);
  }

  /** @returns what was forgotten since the last time */
  collect(): number[] {
    this.#idle = [];
    collectGarbage();
    return this.#forgotten.splice(0);
  }

  #take(bytes: number): Held {
    const at = this.#idle.findIndex(({ byteLength }) => byteLength === bytes);
    const [buffer] = at === -1 ? [] : this.#idle.splice(at, 1);
    if (buffer !== undefined) return { buffer, isFresh: false };
    return { buffer: new SharedArrayBuffer(bytes), isFresh: true };
  }
}
