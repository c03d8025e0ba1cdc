/** Brings memory to children, in pieces. Each piece is written once for all children that wait for it. */
import { clock } from "../../platform/clock.js";
import { pause } from "../../platform/time-slice.js";
import { waitFor } from "../../platform/wait-for.js";
import { coalesced, copyFrom, type Interval, type MemorySource, missingOf } from "./memory-source.js";
import type { FeedMessage, ToChild } from "./messages.js";
import type { Transit } from "./transit.js";

export interface Receiver {
  /** Nothing reaches the receiver any more. */
  readonly isGone: boolean;
  send(message: ToChild): void;
}

/** One receiver's need of one source. */
interface Need {
  readonly receiver: Receiver;
  readonly source: MemorySource;
  /** What is not sent yet. */
  intervals: readonly Interval[];
  /** Called when all is sent; with a reason if that is impossible. */
  readonly settle: (failure?: { readonly reason: unknown }) => void;
}

// Small enough for the caches, large enough for a message to be little beside it: 2 MiB take 0.3 ms.
const PIECE_BYTES = 2 * 1024 * 1024;
// Up to this many bytes, sending them with a message costs less.
export const FEW_BYTES = 32 * 1024;
/** Pieces that a receiver may have before it. While it reads one the next one is written. */
const MOST_UNREAD = 3;
/** Those that need the same wait for each other, but not longer for one that reads nothing: it may be in a long task. */
const STALLED_MS = 10;

export class Feeder {
  readonly #transit: Transit;
  readonly #needs: Need[] = [];
  readonly #unread = new Map<Receiver, Unread>();
  #isRunning = false;
  #onTaken = (): void => {};

  constructor(transit: Transit) {
    this.#transit = transit;
  }

  /** Sends bytes of a memory. Resolves when the receiver has been sent all. @throws TypeError if an array has gone */
  feed(receiver: Receiver, source: MemorySource, intervals: readonly Interval[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle: Need["settle"] = (failure) =>
        failure === undefined ? resolve() : reject(failure.reason);
      this.#needs.push({ receiver, source, intervals: coalesced(intervals), settle });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** The receiver has read its next piece. */
  taken(receiver: Receiver): void {
    const unread = this.#unread.get(receiver);
    if (unread !== undefined) unread.since = clock();
    this.#free(unread?.places.shift());
    this.#onTaken();
  }

  /** The receiver is gone. */
  lost(receiver: Receiver): void {
    for (const place of this.#unread.get(receiver)?.places ?? []) this.#free(place);
    this.#unread.delete(receiver);
    this.#onTaken();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Others that need the same memory ask in the same turn.
    await undefined;
    while (this.#needs.length > 0) {
      const pausing = pause();
      if (pausing !== undefined) await pausing;
      this.#dropGone();
      const isSent = this.#needs.some((need) => this.#sendPiece(need));
      if (!isSent && this.#needs.length > 0) await this.#someTaken();
    }
    this.#isRunning = false;
  }

  async #someTaken(): Promise<void> {
    const taken = new Promise<void>((resolve) => {
      this.#onTaken = resolve;
    });
    const isHeldUp = this.#needs.some(({ receiver }) => this.#hasRoom(receiver));
    await (isHeldUp ? waitFor(taken, STALLED_MS) : taken);
  }

  #dropGone(): void {
    for (const need of this.#needs.filter(({ receiver }) => receiver.isGone)) this.#end(need);
  }

  #hasRoom(receiver: Receiver): boolean {
    return (this.#unread.get(receiver)?.places.length ?? 0) < MOST_UNREAD;
  }

  #isStalled(receiver: Receiver): boolean {
    return clock() - (this.#unread.get(receiver)?.since ?? 0) > STALLED_MS;
  }

  /**
   * Sends the next piece of a need to all that lack it. They may have begun earlier or later.
   * @returns false: it has to wait, for itself or for another one
   */
  #sendPiece({ receiver, source, intervals: [next] }: Need): boolean {
    if (!this.#hasRoom(receiver)) return false;
    const [at, end] = next as Interval;
    const bytes = Math.min(PIECE_BYTES, end - at);
    const lacking = this.#needs.filter((need) => {
      return need.source === source && need.intervals.some(([from, to]) => from <= at && to >= at + bytes);
    });
    const group = lacking.filter(({ receiver }) => this.#hasRoom(receiver));
    if (lacking.some((need) => !group.includes(need) && !this.#isStalled(need.receiver))) return false;
    let piece: { readonly bytes: FeedMessage["bytes"]; readonly place: Place | undefined };
    try {
      piece = this.#copy(source, at, bytes, group.length);
    } catch (reason) {
      for (const need of group) this.#end(need, { reason });
      return true;
    }
    const { memory, size, contents } = source;
    const isOwn = contents === undefined;
    const message: FeedMessage = { type: "feed", memory, isOwn, size, at, bytes: piece.bytes };
    for (const need of group) {
      const { receiver } = need;
      const unread = this.#unread.get(receiver) ?? { places: [], since: 0 };
      this.#unread.set(receiver, unread);
      if (unread.places.length === 0) unread.since = clock();
      unread.places.push(piece.place);
      receiver.send(message);
      need.intervals = missingOf(need.intervals, [[at, at + bytes]]);
      if (need.intervals.length === 0) this.#end(need);
    }
    return true;
  }

  /** @throws TypeError if an array has gone */
  #copy(source: MemorySource, at: number, bytes: number, readers: number) {
    if (bytes > FEW_BYTES) {
      const place: Place = { start: this.#transit.takeAside(bytes, at), bytes, readers };
      let isWritten = true;
      try {
        copyFrom(source, at, bytes, (part, offset) => {
          isWritten &&= this.#transit.write(part, place.start + offset);
        });
      } catch (error) {
        this.#transit.give(place.start, bytes);
        throw error;
      }
      if (isWritten) return { bytes: { file: place.start, length: bytes }, place };
      this.#transit.give(place.start, bytes);
    }
    const inline = new Uint8Array(bytes);
    copyFrom(source, at, bytes, (part, offset) => inline.set(part, offset));
    return { bytes: inline, place: undefined };
  }

  #free(place: Place | undefined): void {
    if (place === undefined) return;
    place.readers -= 1;
    if (place.readers === 0) this.#transit.give(place.start, place.bytes);
  }

  #end(need: Need, failure?: { readonly reason: unknown }): void {
    this.#needs.splice(this.#needs.indexOf(need), 1);
    need.settle(failure);
  }
}

/** What a receiver has not read yet. */
interface Unread {
  /** Of pieces, the first one first. */
  readonly places: (Place | undefined)[];
  /** When it has read the piece before, or could have begun to, as `clock` counts. */
  since: number;
}

/** Where a piece is in the transit file. */
interface Place {
  readonly start: number;
  readonly bytes: number;
  /** Receivers that have not read it yet. */
  readers: number;
}
