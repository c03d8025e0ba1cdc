import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillIn, philox } from "../../../../src/tasks/random/philox.js";
import { wasmFill } from "../../../../src/tasks/random/philox-wasm.js";

type Words = readonly [number, number, number, number];

/** The known answers of Random123 1.14.0 (`tests/kat_vectors`, "philox4x32 10"). */
const KNOWN: readonly [counter: Words, key: readonly [number, number], words: Words][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

/** The two numbers that the words of a block make. */
function numbersOf([a, b, c, d]: Words): number[] {
  const number = (high: number, low: number) =>
    Number(((BigInt(high) << 32n) | BigInt(low)) >> 11n) / 2 ** 53;
  return [number(a, b), number(c, d)];
}

describe("Philox4x32-10", () => {
  it.each(KNOWN)("of counter %j and key %j has the known answer", (counter, key, words) => {
    expect(philox([...counter], key).map((word) => word >>> 0)).toEqual(words);
  });

  it.each([
    ["WebAssembly", wasmFill()],
    [
      "JavaScript",
      (() => {
        const numbers = new Float64Array(64);
        return { fill: fillIn(numbers), numbers };
      })(),
    ],
  ])("in %s makes two numbers of each known answer", (_, { fill, numbers }) => {
    for (const [[low, high, draw, stream], [keyLow, keyHigh], words] of KNOWN) {
      fill(low, high, draw, stream, keyLow, keyHigh, 6, 1);
      expect([...numbers.subarray(6, 8)]).toEqual(numbersOf(words));
    }
  });

  it("is the same in WebAssembly and in JavaScript", () => {
    const { fill, numbers } = wasmFill();
    const expected = new Float64Array(512);
    const plain = fillIn(expected);
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 65 }),
        fc.tuple(word, word, word, word, word),
        fc.nat(128),
        fc.integer({ min: 1, max: 64 }),
        (low, words, at, blocks) => {
          fill(low, ...words, at, blocks);
          plain(low, ...words, at, blocks);
          const end = at + 2 * blocks;
          expect(numbers.subarray(at, end)).toEqual(expected.subarray(at, end));
        },
      ),
    );
  });
});
