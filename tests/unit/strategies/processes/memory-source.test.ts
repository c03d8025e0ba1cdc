import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  coalesced,
  copyFrom,
  type Interval,
  missingOf,
  plainSource,
  sharedSource,
  union,
} from "../../../../src/strategies/processes/memory-source.js";

const interval = fc
  .tuple(fc.nat(100), fc.nat(20))
  .map(([start, length]): Interval => [start, start + length]);
const intervals = fc.array(interval, { maxLength: 8 }).map((list) => union(list, []));
const numbersIn = (list: readonly Interval[]): Set<number> => {
  const numbers = new Set<number>();
  for (const [start, end] of list) for (let i = start; i < end; i += 1) numbers.add(i);
  return numbers;
};

describe("intervals", () => {
  it("union and difference are those of sets", () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const inA = numbersIn(a);
        const inB = numbersIn(b);
        expect(numbersIn(union(a, b))).toEqual(new Set([...inA, ...inB].sort((x, y) => x - y)));
        expect([...numbersIn(missingOf(a, b))]).toEqual([...inA].filter((each) => !inB.has(each)));
      }),
    );
  });

  it("that are close are sent as one", () => {
    expect(
      coalesced([
        [0, 10],
        [12, 20],
        [10_000, 10_001],
      ]),
    ).toEqual([
      [0, 20],
      [10_000, 10_001],
    ]);
  });
});

describe("sources", () => {
  it("of shared memory tell what is read of it; the same handle has the same contents", () => {
    const buffer = new SharedArrayBuffer(64);
    const source = sharedSource(7, buffer, [new Float64Array(buffer, 0, 2), new Uint8Array(buffer, 12, 8)]);
    expect(source).toMatchObject({ memory: 7, size: 64, wanted: [[0, 20]] });
    expect(sharedSource(7, buffer, []).contents).toBe(source.contents);
    expect(sharedSource(7, new SharedArrayBuffer(64), []).contents).not.toBe(source.contents);
  });

  it("of plain arrays copy each part to its place, and see one that has gone", () => {
    const first = Uint8Array.of(1, 2, 3, 4).buffer;
    const second = Uint8Array.of(5, 6).buffer;
    const span = (buffer: ArrayBuffer, start: number, end: number, target: number) => {
      return {
        buffer,
        start,
        end,
        target,
        extents: [{ name: "x", byteOffset: start, byteLength: end - start }],
      };
    };
    const spans = [span(first, 1, 4, 0), span(second, 0, 2, 8)] as never;
    const source = plainSource(3, 16, spans);
    const bytes = new Uint8Array(10);
    copyFrom(source, 0, 10, (part, at) => bytes.set(part, at));
    expect([...bytes]).toEqual([2, 3, 4, 0, 0, 0, 0, 0, 5, 6]);
    structuredClone(second, { transfer: [second] });
    expect(() => copyFrom(source, 8, 2, () => {})).toThrow('"x"');
  });
});
