/** Handles of shared memory that a worker was given. */
import { type MemoryHandle, memoryOf } from "../../../memory/wasm-modules.js";
import { collectGarbage } from "../../../platform/collector.js";

interface Handle {
  readonly buffer: SharedArrayBuffer;
  /** Made when the handle comes, because the target of a new WeakRef can't be collected in the same turn. */
  readonly ref: WeakRef<SharedArrayBuffer>;
}

export class WorkerMemory {
  readonly #handles = new Map<number, Handle>();
  /** Memory that was let go, and may not be collected. */
  readonly #garbage = new Map<number, WeakRef<SharedArrayBuffer>>();

  add(id: number, handle: MemoryHandle): void {
    const buffer = memoryOf(handle);
    this.#handles.set(id, { buffer, ref: new WeakRef(buffer) });
  }

  get(id: number): SharedArrayBuffer {
    return (this.#handles.get(id) as Handle).buffer;
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) {
      const handle = this.#handles.get(id);
      if (handle !== undefined) this.#garbage.set(id, handle.ref);
      this.#handles.delete(id);
    }
  }

  /** Whether there is memory that was let go and may not be collected. */
  get hasGarbage(): boolean {
    return this.#garbage.size > 0;
  }

  /**
   * Collects garbage.
   * @returns what was let go and can't be reached any more: a kernel may have kept an array
   */
  collect(): number[] {
    collectGarbage();
    const gone: number[] = [];
    for (const [id, ref] of this.#garbage) if (ref.deref() === undefined) gone.push(id);
    for (const id of gone) this.#garbage.delete(id);
    return gone;
  }
}
