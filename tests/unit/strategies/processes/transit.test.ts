import { readdirSync } from "node:fs";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { Transit } from "../../../../src/strategies/processes/transit.js";

const transit = new Transit();
afterAll(() => transit.close());

/** Those that bytes lie aside of; `undefined` if they may lie anywhere. */
const places = fc.option(fc.nat(2 ** 33), { nil: undefined });

it("places do not overlap, and what is given back is used again", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 500 }), places)), (steps) => {
      const taken: { start: number; bytes: number }[] = [];
      for (const [gives, bytes, place] of steps) {
        if (gives && taken.length > 0) {
          const [{ start, bytes: size }] = taken.splice(bytes % taken.length, 1) as [(typeof taken)[number]];
          transit.give(start, size);
          continue;
        }
        const start = place === undefined ? transit.take(bytes) : transit.takeAside(bytes, place);
        if (place !== undefined) {
          const distance = (((start - place) % 4096) + 4096) % 4096;
          expect(Math.abs(distance - 2048)).toBeLessThan(64);
        }
        for (const other of taken) {
          expect(start >= other.start + other.bytes || start + bytes <= other.start).toBe(true);
        }
        taken.push({ start, bytes });
      }
      for (const { start, bytes } of taken) transit.give(start, bytes);
      expect(transit.take(64)).toBe(0);
      transit.give(0, 64);
    }),
  );
});

it("a transit file has bytes as they were written, none behind its end, and no name", () => {
  const at = transit.take(1000);
  expect(transit.write(Uint8Array.of(1, 2, 3), at)).toBe(true);
  const bytes = new Uint8Array(5).fill(9);
  transit.read(bytes, at);
  expect([...bytes]).toEqual([1, 2, 3, 9, 9]);
  transit.give(at, 1000);
  expect(readdirSync("/dev/shm").filter((name) => name.startsWith(`sharray-${process.pid}-`))).toEqual([]);
});
