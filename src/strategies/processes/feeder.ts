/** Brings memory to children, in pieces. Each piece is written once for all children that wait for it. */
import { pause } from "../../platform/time-slice.js";
import { coalesced, copyFrom, type Interval, type MemorySource } from "./memory-source.js";
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
  readonly intervals: Interval[];
  /** Called when all is sent; with a reason if that is impossible. */
  readonly settle: (failure?: { readonly reason: unknown }) => void;
}

// Small enough for the caches, large enough for a message to be little beside it: 2 MiB take 0.3 ms.
const PIECE_BYTES = 2 * 1024 * 1024;
// Up to this many bytes, sending them with a message costs less.
export const FEW_BYTES = 32 * 1024;
/** Pieces that a receiver may have before it. While it reads one the next one is written. */
const MOST_UNREAD = 3;

export class Feeder {
  readonly #transit: Transit;
  readonly #needs: Need[] = [];
  /** Places of pieces that each has not read yet, the first one first. */
  readonly #unread = new Map<Receiver, (Place | undefined)[]>();
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
    this.#free(this.#unread.get(receiver)?.shift());
    this.#onTaken();
  }

  /** The receiver is gone. */
  lost(receiver: Receiver): void {
    for (const place of this.#unread.get(receiver) ?? []) this.#free(place);
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
      const first = this.#needs.find(({ receiver }) => this.#hasRoom(receiver));
      if (first !== undefined) {
        this.#sendPiece(first);
      } else if (this.#needs.length > 0) {
        await new Promise<void>((resolve) => {
          this.#onTaken = resolve;
        });
      }
    }
    this.#isRunning = false;
  }

  #dropGone(): void {
    for (const need of this.#needs.filter(({ receiver }) => receiver.isGone)) this.#end(need);
  }

  #hasRoom(receiver: Receiver): boolean {
    return (this.#unread.get(receiver)?.length ?? 0) < MOST_UNREAD;
  }

  /** The next piece of a need, for all receivers that have come as far with the same source. */
  #sendPiece({ source, intervals: [next] }: Need): void {
    const [at, end] = next as Interval;
    const bytes = Math.min(PIECE_BYTES, end - at);
    const group = this.#needs.filter((need) => {
      const [interval] = need.intervals;
      const isSame = need.source === source && interval?.[0] === at && interval[1] >= at + bytes;
      return isSame && this.#hasRoom(need.receiver);
    });
    let piece: { readonly bytes: FeedMessage["bytes"]; readonly place: Place | undefined };
    try {
      piece = this.#copy(source, at, bytes, group.length);
    } catch (reason) {
      for (const need of group) this.#end(need, { reason });
      return;
    }
    const { memory, size, contents } = source;
    const isOwn = contents === undefined;
    const message: FeedMessage = { type: "feed", memory, isOwn, size, at, bytes: piece.bytes };
    for (const need of group) {
      const { receiver, intervals } = need;
      const unread = this.#unread.get(receiver);
      if (unread === undefined) this.#unread.set(receiver, [piece.place]);
      else unread.push(piece.place);
      receiver.send(message);
      const [, last] = intervals[0] as Interval;
      if (at + bytes < last) intervals[0] = [at + bytes, last];
      else intervals.shift();
      if (intervals.length === 0) this.#end(need);
    }
  }

  /** @throws TypeError if an array has gone */
  #copy(source: MemorySource, at: number, bytes: number, readers: number) {
    if (bytes > FEW_BYTES) {
      const place: Place = { start: this.#transit.take(bytes), bytes, readers };
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

/** Where a piece is in the transit file. */
interface Place {
  readonly start: number;
  readonly bytes: number;
  /** Receivers that have not read it yet. */
  readers: number;
}
