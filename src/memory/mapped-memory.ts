/**
 * Shared memory that this thread has made, for as long as it may be mapped. The system has a piece back once no thread can
 * reach it. This thread's garbage collector tells of its own handles. The holders tell of those of workers.
 */

import { nextMemoryId } from "./region.js";

/** Other threads that have handles of the memory. */
export interface HandleHolders {
  /** They let the memory go. @returns whether one of them may still reach it; then `unheld` is called later */
  forget(id: number): boolean;
  /** They collect their garbage. Resolves once those that answer soon have done so. */
  collect(): Promise<void>;
}

interface Piece {
  readonly id: number;
  /** 0 if other code has made it. */
  readonly bytes: number;
  /** This thread's handles. */
  handles: WeakRef<SharedArrayBuffer>[];
  /** Whether no handle of this thread is left. */
  isUnreachable: boolean;
}

interface Watched {
  readonly owner: WeakRef<MappedMemory>;
  readonly piece: Piece;
}

// One for all arenas, which lives for ever. If a registry is collected before its finalizers ran, V8 runs none of any other registry
// any more (docs/decisions/0003).
const collected = new FinalizationRegistry<Watched>(({ owner, piece }) => owner.deref()?.look(piece));

export class MappedMemory {
  readonly #holders: HandleHolders;
  readonly #onUnreachable: (id: number) => void;
  readonly #pieces = new Map<number, Piece>();
  readonly #idOf = new WeakMap<SharedArrayBuffer, number>();
  readonly #self = new WeakRef(this);
  #bytes = 0;

  /** @param onUnreachable called with the id once no handle of this thread is left */
  constructor(holders: HandleHolders, onUnreachable: (id: number) => void) {
    this.#holders = holders;
    this.#onUnreachable = onUnreachable;
  }

  /** Bytes that may be mapped. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A piece was made. */
  add(id: number, handle: SharedArrayBuffer): void {
    this.#bytes += handle.byteLength;
    this.#enter(id, handle.byteLength, handle);
  }

  /** A further handle of this thread over the same piece. */
  addHandle(id: number, handle: SharedArrayBuffer): void {
    const piece = this.#pieces.get(id);
    if (piece !== undefined) this.#watch(piece, handle);
  }

  /**
   * The id of the memory behind a handle. Memory that other code made is not counted, but the holders of its handles are told
   * when it is gone here.
   */
  identify(handle: SharedArrayBuffer): number {
    const known = this.#idOf.get(handle);
    if (known !== undefined) return known;
    const id = nextMemoryId();
    this.#enter(id, 0, handle);
    return id;
  }

  /** Only this thread can still reach the piece. */
  unheld(id: number): void {
    const piece = this.#pieces.get(id);
    if (piece?.isUnreachable === true) this.#remove(piece);
  }

  /** Notes at once what the collector has found, rather than in a later turn. */
  sweep(): void {
    for (const piece of this.#pieces.values()) this.look(piece);
  }

  #enter(id: number, bytes: number, handle: SharedArrayBuffer): void {
    const piece: Piece = { id, bytes, handles: [], isUnreachable: false };
    this.#pieces.set(id, piece);
    this.#watch(piece, handle);
  }

  #watch(piece: Piece, handle: SharedArrayBuffer): void {
    // The target of a new WeakRef lives to the end of the turn, so a loop without turns frees nothing.
    piece.handles.push(new WeakRef(handle));
    this.#idOf.set(handle, piece.id);
    collected.register(handle, { owner: this.#self, piece });
  }

  /** Looks whether a handle of this thread is left. */
  look(piece: Piece): void {
    if (piece.isUnreachable) return;
    piece.handles = piece.handles.filter((handle) => handle.deref() !== undefined);
    if (piece.handles.length > 0) return;
    piece.isUnreachable = true;
    this.#onUnreachable(piece.id);
    if (!this.#holders.forget(piece.id)) this.#remove(piece);
  }

  #remove(piece: Piece): void {
    if (this.#pieces.delete(piece.id)) this.#bytes -= piece.bytes;
  }
}
