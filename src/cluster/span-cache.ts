/** The payload that a node has: spans of bytes in shared memory, each read once, and kept for later shards and calls. */
import { MemoryLimitError } from "../errors.js";
import type { ParallelExecutor } from "../executor/parallel-executor.js";
import { nextTurn } from "../platform/runtime.js";
import { PIECE_BYTES, type SpanPieces } from "./messages.js";
import { digestOf } from "./signing.js";
import type { Store } from "./store.js";

/** Pieces that are on their way at once: one comes while another one is checked. */
const AT_ONCE = 2;

/** The store does not have a piece, or has other bytes in its place. */
export class MissingPiece extends Error {}

interface Entry {
  readonly bytes: number;
  readonly loaded: Promise<Uint8Array<SharedArrayBuffer>>;
  users: number;
}

export class SpanCache {
  readonly #executor: Pick<ParallelExecutor, "allocate" | "release">;
  readonly #store: Store;
  readonly #limit: number;
  /** By the digest of their pieces, the one that was used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param limit bytes; what shards in progress use may exceed it */
  constructor(executor: Pick<ParallelExecutor, "allocate" | "release">, store: Store, limit: number) {
    this.#executor = executor;
    this.#store = store;
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The bytes of spans, which stay until `release`.
   * @throws MissingPiece, MemoryLimitError
   */
  async hold(spans: readonly SpanPieces[]): Promise<readonly Uint8Array<SharedArrayBuffer>[]> {
    const held: Uint8Array<SharedArrayBuffer>[] = [];
    const done: SpanPieces[] = [];
    try {
      for (const span of spans) {
        done.push(span);
        held.push(await this.#enter(span).loaded);
      }
      return held;
    } catch (error) {
      this.release(done);
      throw error;
    }
  }

  release(spans: readonly SpanPieces[]): void {
    for (const span of spans) {
      const entry = this.#entries.get(keyOf(span));
      if (entry !== undefined) entry.users -= 1;
    }
    this.#makeRoom(0);
  }

  clear(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** Counts a user. A user who comes while it is being read waits for the same bytes. */
  #enter(span: SpanPieces): Entry {
    const key = keyOf(span);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#makeRoom(span.bytes);
      const own: Entry = { bytes: span.bytes, loaded: this.#load(span), users: 0 };
      own.loaded.catch(() => {
        // The next one who needs it tries again.
        if (this.#entries.get(key) !== own) return;
        this.#entries.delete(key);
        this.#bytes -= own.bytes;
      });
      this.#bytes += span.bytes;
      entry = own;
    } else {
      this.#entries.delete(key);
    }
    this.#entries.set(key, entry);
    entry.users += 1;
    return entry;
  }

  async #load({ bytes, pieces }: SpanPieces): Promise<Uint8Array<SharedArrayBuffer>> {
    const target = await this.#allocate(bytes);
    // A payload may have the same piece in several places.
    const places = new Map<string, number[]>();
    for (const [i, digest] of pieces.entries()) places.set(digest, [...(places.get(digest) ?? []), i]);
    const left = [...places].values();
    const read = async (): Promise<void> => {
      for (const [digest, at] of left) {
        const piece = await this.#store.piece(digest);
        if (piece === undefined || digestOf(piece) !== digest) {
          // The client can only put there what is not there.
          if (piece !== undefined) await this.#store.remove("piece", [digest]);
          throw new MissingPiece(digest);
        }
        for (const i of at) {
          if (piece.length !== Math.min(PIECE_BYTES, bytes - i * PIECE_BYTES)) throw new MissingPiece(digest);
          target.set(piece, i * PIECE_BYTES);
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, read));
      return target;
    } catch (error) {
      if (bytes > 0) this.#executor.release(target);
      throw error;
    }
  }

  async #allocate(bytes: number): Promise<Uint8Array<SharedArrayBuffer>> {
    try {
      return this.#executor.allocate(Uint8Array, bytes);
    } catch (error) {
      if (!(error instanceof MemoryLimitError)) throw error;
    }
    this.#makeRoom(Number.POSITIVE_INFINITY);
    // What was dropped is released in microtasks.
    await nextTurn();
    return this.#executor.allocate(Uint8Array, bytes);
  }

  #makeRoom(bytes: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#limit) return;
      if (entry.users === 0) this.#drop(key, entry);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    entry.loaded.then(
      (array) => this.#executor.release(array),
      () => {},
    );
  }
}

function keyOf({ bytes, pieces }: SpanPieces): string {
  return pieces.length === 1 ? `${bytes} ${pieces[0]}` : digestOf(Buffer.from(`${bytes} ${pieces.join()}`));
}
