import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packValues, unpackValues } from "../../../src/bridge/values.js";

const crossed = (values: readonly unknown[]): unknown[] => unpackValues(structuredClone(packValues(values)));

describe("results between the two sides", () => {
  it("arrive as they were", () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom<unknown>(undefined, null, true, false, -0, 2n ** 70n, "text"),
      fc.record({ a: fc.double(), list: fc.array(fc.string()) }, { noNullPrototype: true }),
      fc.float64Array(),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        expect(crossed(values)).toEqual(values);
      }),
    );
  });

  it("are an ordinary list, even if there are many numbers", () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => (i === 7 ? -0 : i === 8 ? Number.NaN : i / 3));
    expect(packValues(numbers)).toBeInstanceOf(Float64Array);
    const arrived = crossed(numbers);
    expect(Array.isArray(arrived)).toBe(true);
    expect(arrived).toEqual(numbers);
    expect(Object.is(arrived[7], -0)).toBe(true);
    expect(packValues([...numbers, "one word"])).toBeInstanceOf(Array);
    expect(packValues(numbers.slice(0, 3))).toBeInstanceOf(Array);
  });
});
