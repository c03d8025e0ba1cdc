import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packBatch, packValues, unpackValues } from "../../../src/bridge/values.js";

function crossed(values: readonly unknown[]): unknown[] {
  const { values: packed, transfer } = packValues(values);
  return unpackValues(structuredClone(packed, { transfer }));
}

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
        const expected = structuredClone(values);
        expect(crossed(values)).toEqual(expected);
      }),
    );
  });

  it("are an ordinary list, also where there are many numbers", () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => (i === 7 ? -0 : i === 8 ? Number.NaN : i / 3));
    expect(packValues(numbers).values.type).toBe("numbers");
    const arrived = crossed(numbers);
    expect(Array.isArray(arrived)).toBe(true);
    expect(arrived).toEqual(numbers);
    expect(Object.is(arrived[7], -0)).toBe(true);
    expect(packValues([...numbers, "one word"]).values.type).toBe("values");
  });

  it("arrays are moved, not copied", () => {
    const array = new Float64Array(1000).fill(3);
    const { values, transfer } = packValues([{ array }, 1]);
    expect(transfer).toEqual([array.buffer]);
    structuredClone(values, { transfer });
    expect(array.length).toBe(0);
    const batch = [{ index: 4, value: new Float32Array(10) }];
    expect(packBatch(batch).transfer).toEqual([batch[0]?.value.buffer]);
    expect(packBatch([{ index: 0, value: 1 }])).toEqual({ value: [{ index: 0, value: 1 }], transfer: [] });
  });
});
