import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as browser from "../../../src/platform/bytes.browser.js";
import * as node from "../../../src/platform/bytes.js";

const MOST = 20_000;
const memory = fc.constantFrom(
  () => new Uint8Array(new ArrayBuffer(MOST)),
  () => new Uint8Array(new SharedArrayBuffer(MOST)),
);
const part = fc.tuple(fc.nat(MOST), fc.nat(MOST)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

/** Bytes that differ from their neighbours, and from those of another seed. */
function filled(make: () => Uint8Array, seed: number): Uint8Array {
  const bytes = make();
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = 1 + ((7 * i + seed) % 255);
  return bytes;
}

describe.each([
  ["Node", node],
  ["browsers", browser],
])("%s", (_, { copyBytes, clearBytes }) => {
  it("copies a part to where another begins, and nothing else", () => {
    fc.assert(
      fc.property(memory, memory, part, fc.nat(), (from, to, [start, end], seed) => {
        const source = filled(from, seed);
        const target = filled(to, seed + 1);
        const at = seed % (MOST - (end - start) + 1);
        const expected = target.slice();
        expected.set(source.subarray(start, end), at);
        copyBytes(target.subarray(at), source.subarray(start, end));
        expect(Buffer.compare(target, expected)).toBe(0);
      }),
      { examples: [[() => new Uint8Array(MOST), () => new Uint8Array(MOST), [0, MOST], 0]] },
    );
  });

  it("clears a part, and nothing else", () => {
    fc.assert(
      fc.property(memory, part, fc.nat(), (make, [start, end], seed) => {
        const bytes = filled(make, seed);
        const expected = bytes.slice();
        for (let i = start; i < end; i += 1) expected[i] = 0;
        clearBytes(bytes.subarray(start, end));
        expect(Buffer.compare(bytes, expected)).toBe(0);
      }),
    );
  });

  it("refuses a source that is longer than its target", () => {
    for (const length of [10, 10_000]) {
      const target = new Uint8Array(length);
      expect(() => copyBytes(target.subarray(1), new Uint8Array(length).fill(1))).toThrow(RangeError);
      expect(target.every((byte) => byte === 0)).toBe(true);
    }
  });
});
