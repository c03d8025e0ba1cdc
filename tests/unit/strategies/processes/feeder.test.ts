import { afterAll, describe, expect, it } from "vitest";
import { Feeder, type Receiver } from "../../../../src/strategies/processes/feeder.js";
import { type MemorySource, sharedSource } from "../../../../src/strategies/processes/memory-source.js";
import type { ToChild } from "../../../../src/strategies/processes/messages.js";
import { Supply } from "../../../../src/strategies/processes/supply.js";
import { Transit } from "../../../../src/strategies/processes/transit.js";
import { KnownMemory } from "../../../../src/strategies/threads/known-memory.js";

const transit = new Transit();
const readers: Reader[] = [];
afterAll(() => {
  // Some have not read all.
  for (const reader of readers) reader.isGone = true;
  transit.close();
});

/** Reads what it is sent, after a while. */
class Reader implements Receiver {
  readonly memory = new Map<number, Uint8Array>();
  messages = 0;
  isGone = false;
  readonly #feeder: Feeder;
  readonly #delay: number;
  readonly #transit: Transit;

  constructor(feeder: Feeder, delay: number, from = transit) {
    this.#feeder = feeder;
    this.#delay = delay;
    this.#transit = from;
    readers.push(this);
  }

  send(message: ToChild): void {
    this.messages += 1;
    if (message.type !== "feed") return;
    setTimeout(() => {
      if (this.isGone) return;
      const { memory, size, at, bytes } = message;
      const own = this.memory.get(memory) ?? new Uint8Array(size);
      this.memory.set(memory, own);
      if (bytes instanceof Uint8Array) own.set(bytes, at);
      else this.#transit.read(own.subarray(at, at + bytes.length), bytes.file);
      this.#feeder.taken(this);
    }, this.#delay);
  }
}

function sourceOf(memory: number, bytes: number): MemorySource & { readonly content: Uint8Array } {
  const content = new Uint8Array(new SharedArrayBuffer(bytes));
  for (let i = 0; i < bytes; i += 1) content[i] = (i * 31 + memory) & 255;
  return { ...sharedSource(memory, content.buffer, [content]), content };
}

const MB = 2 ** 20;

describe("a feeder", () => {
  it("brings every receiver all of it, also slow ones, and goes on when one is lost", async () => {
    const feeder = new Feeder(transit);
    const source = sourceOf(1, 9 * MB + 5);
    const own = [new Reader(feeder, 0), new Reader(feeder, 7), new Reader(feeder, 0)];
    const lost = own[2] as Reader;
    const fed = own.map((reader) => feeder.feed(reader, source, source.wanted));
    setTimeout(() => {
      lost.isGone = true;
      feeder.lost(lost);
    }, 3);
    await Promise.all(fed);
    for (const reader of own.slice(0, 2)) {
      await expect.poll(() => Buffer.compare(reader.memory.get(1) as Uint8Array, source.content)).toBe(0);
    }
    // All places were given back.
    await expect
      .poll(() => {
        const start = transit.take(64);
        transit.give(start, 64);
        return start;
      })
      .toBe(0);
  });

  it("writes a piece once for all that lack it, those that came late too", async () => {
    const source = sourceOf(9, 40 * MB);
    let written = 0;
    const counted = new Transit();
    const { write } = counted;
    counted.write = (bytes, at) => {
      written += bytes.length;
      return write.call(counted, bytes, at);
    };
    const feeding = new Feeder(counted);
    const early = new Reader(feeding, 0, counted);
    const late = new Reader(feeding, 1, counted);
    const send = early.send.bind(early);
    const brought = new Promise((resolve) => {
      early.send = (message) => {
        send(message);
        if (early.messages === 3) resolve(feeding.feed(late, source, source.wanted));
      };
    });
    await Promise.all([feeding.feed(early, source, source.wanted), brought]);
    for (const reader of [early, late]) {
      await expect.poll(() => Buffer.compare(reader.memory.get(9) as Uint8Array, source.content)).toBe(0);
    }
    expect(written).toBeLessThan(2 * source.size);
    counted.close();
  });

  it("rejects if an array has gone", async () => {
    const feeder = new Feeder(transit);
    const buffer = new ArrayBuffer(2 * MB);
    const extents = [{ name: "x", byteOffset: 0, byteLength: 2 * MB }];
    const span = { buffer, start: 0, end: 2 * MB, target: 0, extents } as never;
    const parts = [{ buffer, start: 0, target: 0, bytes: 2 * MB, span }];
    const source: MemorySource = {
      memory: 2,
      size: 2 * MB,
      contents: undefined,
      parts,
      wanted: [[0, 2 * MB]],
    };
    const fed = feeder.feed(new Reader(feeder, 0), source, source.wanted);
    structuredClone(buffer, { transfer: [buffer] });
    await expect(fed).rejects.toThrow('Cannot read "x"');
  });
});

describe("a supply", () => {
  const setUp = () => {
    const feeder = new Feeder(transit);
    const reader = new Reader(feeder, 0);
    const known = new KnownMemory(
      () => {},
      () => {},
    );
    return { reader, known, supply: new Supply(reader, feeder, known) };
  };

  it("sends shared memory once, and what others wait for only once, too", async () => {
    const { reader, known, supply } = setUp();
    const source = sourceOf(3, 3 * MB);
    const first = supply.bring([source], []);
    const second = supply.bring([source], []);
    expect(second).toBeInstanceOf(Promise);
    await Promise.all([first, second]);
    const { messages } = reader;
    expect(messages).toBe(2);
    expect(supply.bring([source], [])).toBeUndefined();
    expect(known.has(3)).toBe(true);
    supply.forget([3]);
    await supply.bring([source], []);
    expect(reader.messages).toBe(2 * messages);
  });

  it("gives small pieces to the caller that asks, and other contents of the same memory anew", () => {
    const { supply } = setUp();
    const source = sourceOf(4, 100);
    const pieces: { at: number; bytes: Uint8Array }[] = [];
    expect(supply.bring([source], pieces as never)).toBeUndefined();
    expect(pieces).toEqual([expect.objectContaining({ at: 0, bytes: Uint8Array.from(source.content) })]);
    supply.bring([source], pieces as never);
    expect(pieces).toHaveLength(1);
    supply.bring([{ ...source, contents: -1 }], pieces as never);
    supply.bring([{ ...source, contents: undefined }], pieces as never);
    supply.bring([{ ...source, contents: undefined }], pieces as never);
    expect(pieces).toHaveLength(4);
  });
});
