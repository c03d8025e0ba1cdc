/** Brings one child the memory that it lacks, and keeps in mind what it has. */
import type { KnownMemory } from "../threads/known-memory.js";
import { FEW_BYTES, type Feeder, type Receiver } from "./feeder.js";
import { coalesced, copyFrom, type Interval, type MemorySource, missingOf, union } from "./memory-source.js";
import type { Piece } from "./messages.js";

/** What the child has of a memory. */
interface Contents {
  readonly number: number;
  readonly known: readonly Interval[];
  /** Until all of it is sent; `undefined` if it is. */
  readonly feeding: Promise<void> | undefined;
}

export class Supply {
  readonly #child: Receiver;
  readonly #feeder: Feeder;
  readonly #memory: KnownMemory;
  readonly #contents = new Map<number, Contents>();

  /** @param memory is told what the child keeps */
  constructor(child: Receiver, feeder: Feeder, memory: KnownMemory) {
    this.#child = child;
    this.#feeder = feeder;
    this.#memory = memory;
  }

  /**
   * Sends what the child lacks.
   * @param pieces takes small ones, which the caller must send in any case
   * @returns until all others are sent, those of other rounds among them; `undefined` if there are none
   * @throws TypeError if an array has gone
   */
  bring(sources: readonly MemorySource[], pieces: Piece[]): Promise<unknown> | undefined {
    const sent: Promise<void>[] = [];
    for (const source of sources) {
      const { contents, wanted } = source;
      const missing = contents === undefined ? wanted : this.#missing(source, contents);
      const isSmall = missing.reduce((bytes, [start, end]) => bytes + end - start, 0) <= FEW_BYTES;
      if (isSmall) for (const interval of coalesced(missing)) pieces.push(pieceOf(source, interval));
      const sending =
        isSmall || missing.length === 0 ? undefined : this.#feeder.feed(this.#child, source, missing);
      const before = contents === undefined ? undefined : this.#note(source, contents, missing, sending);
      if (sending !== undefined) sent.push(sending);
      if (before !== undefined) sent.push(before);
    }
    return sent.length === 0 ? undefined : Promise.all(sent);
  }

  forget(memory: readonly number[]): void {
    for (const id of memory) this.#contents.delete(id);
  }

  /** Nothing may rely on what the child has. */
  forgetAll(): void {
    this.#contents.clear();
  }

  /** Only memory that it keeps counts. */
  #missing({ memory, wanted }: MemorySource, number: number): readonly Interval[] {
    const before = this.#contents.get(memory);
    return missingOf(wanted, before?.number === number ? before.known : []);
  }

  /**
   * The child has it, or will.
   * @returns until what others were sent of it before is there
   */
  #note(
    { memory, size }: MemorySource,
    number: number,
    missing: readonly Interval[],
    sending: Promise<void> | undefined,
  ): Promise<void> | undefined {
    const found = this.#contents.get(memory);
    const before = found?.number === number ? found : undefined;
    if (missing.length > 0) {
      const known = union(before?.known ?? [], missing);
      const feeding =
        before?.feeding === undefined ? sending : Promise.all([before.feeding, sending]).then(() => {});
      const contents: Contents = { number, known, feeding };
      this.#contents.set(memory, contents);
      const end = (): void => {
        if (this.#contents.get(memory) === contents)
          this.#contents.set(memory, { ...contents, feeding: undefined });
      };
      void feeding?.then(end, end);
      if (!this.#memory.has(memory)) this.#memory.add(memory, size);
    }
    return before?.feeding;
  }
}

function pieceOf(source: MemorySource, [at, end]: Interval): Piece {
  const bytes = new Uint8Array(end - at);
  copyFrom(source, at, bytes.length, (part, offset) => bytes.set(part, offset));
  const { memory, size, contents } = source;
  return { memory, isOwn: contents === undefined, size, at, bytes };
}
