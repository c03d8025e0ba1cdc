import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyData, isSameData } from "../../../../src/call/submit/same-data.js";
import { isShared } from "../../../../src/memory/dtypes.js";

const any = (): boolean => true;
const data = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }),
  ),
})).value;

describe("a copy of a caller's data", () => {
  it("is the same as the data, and as data that is equal", () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(isSameData(copyData(value), value, any)).toBe(true);
        expect(isSameData(copyData(value), structuredClone(value), any)).toBe(true);
      }),
    );
  });

  it("is the same as other data only if both are equal", () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        let areEqual = true;
        try {
          // Workers get clones, in which an object without a prototype has the plain one.
          expect(structuredClone(a)).toStrictEqual(structuredClone(b));
        } catch {
          areEqual = false;
        }
        expect(isSameData(copyData(a), b, any)).toBe(areEqual);
      }),
    );
  });

  it("is not the same as data that was changed in place", () => {
    const data = { model: { weights: [1, 2] }, rate: 1 };
    const copy = copyData(data);
    data.model.weights[1] = 3;
    expect(isSameData(copy, data, any)).toBe(false);
  });

  it("has the very arrays of the data", () => {
    const x = new Float64Array(2);
    const y = new Float64Array(new SharedArrayBuffer(16));
    const copy = copyData({ x, y });
    expect(isSameData(copy, { x, y }, any)).toBe(true);
    expect(isSameData(copy, { x, y: new Float64Array(y.buffer) }, any)).toBe(false);
    expect(isSameData(copy, { x, y }, isShared)).toBe(false);
    expect(isSameData(copyData({ y }), { y }, isShared)).toBe(true);
  });

  it("knows nothing about dates, which change without a trace", () => {
    const data = { at: new Date(0) };
    expect(isSameData(copyData(data), data, any)).toBe(false);
  });
});
