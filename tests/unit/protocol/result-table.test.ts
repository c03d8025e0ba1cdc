import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResultTable } from "../../../src/protocol/result-table.js";

function newTable(tasks: number): ResultTable {
  return new ResultTable(new Float64Array(tasks), new Uint8Array(tasks));
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const fitting = fc.oneof(
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE),
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.constantFrom(INT64_MIN, INT64_MAX, 0n, undefined, null, true, false),
);

it("a table gives its values in task order, bit for bit, in any order of writing", () => {
  fc.assert(
    fc.property(fc.array(fitting), fc.integer(), (values, seed) => {
      const table = newTable(values.length);
      const order = values.map((_, i) => i).sort((a, b) => ((a * 31 + seed) % 7) - ((b * 31 + seed) % 7));
      for (const i of order) expect(table.write(i, values[i])).toBe(true);
      const back = table.collect(new Map());
      expect(back).toHaveLength(values.length);
      expect(back.every((value, i) => Object.is(value, values[i]))).toBe(true);
    }),
  );
});

it("a table works on shared memory at an offset", () => {
  const buffer = new SharedArrayBuffer(64);
  const table = new ResultTable(new Float64Array(buffer, 16, 3), new Uint8Array(buffer, 40, 3));
  table.write(0, 1.5);
  table.write(1, INT64_MIN);
  table.write(2, null);
  const other = new ResultTable(new Float64Array(buffer, 16, 3), new Uint8Array(buffer, 40, 3));
  expect(other.collect(new Map())).toEqual([1.5, INT64_MIN, null]);
});

it("a table keeps every bit of a NaN", () => {
  const table = newTable(2);
  table.write(0, Number.NaN);
  table.write(1, 7n);
  expect(table.collect(new Map())).toEqual([Number.NaN, 7n]);
});

describe("a value that does not fit a slot", () => {
  it.each([
    ["a bigint above 64 bits", INT64_MAX + 1n],
    ["a bigint below 64 bits", INT64_MIN - 1n],
    ["a string", "x"],
    ["an empty string", ""],
    ["an object", {}],
    ["an array", new Float64Array(1)],
    ["a boxed number", Object(1)],
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
  ])("%s is left to a message, and nothing is written", (_name, value) => {
    const table = newTable(1);
    expect(table.write(0, value)).toBe(false);
    expect(table.isPending(0)).toBe(true);
    expect(table.isElsewhere(0)).toBe(false);
  });

  it("comes from what was received by message", () => {
    const table = newTable(4);
    table.write(0, 1);
    table.markElsewhere(1);
    table.markElsewhere(2);
    const text = { deep: true };
    expect(
      table.collect(
        new Map<number, unknown>([
          [1, text],
          [0, "not taken"],
        ]),
      ),
    ).toEqual([1, text, undefined, undefined]);
  });
});

describe("the end of a task", () => {
  it.each([[1], [undefined], [null], [false], [true], [1n]])("comes with the value %o", (value) => {
    const table = newTable(2);
    expect(table.isPending(1)).toBe(true);
    table.write(1, value);
    expect(table.isPending(1)).toBe(false);
    expect(table.isElsewhere(1)).toBe(false);
    expect(table.isPending(0)).toBe(true);
    table.clear(1);
    expect(table.isPending(1)).toBe(true);
  });

  it("comes with a message, too", () => {
    const table = newTable(1);
    table.markElsewhere(0);
    expect([table.isPending(0), table.isElsewhere(0)]).toEqual([false, true]);
    table.clear(0);
    expect([table.isPending(0), table.isElsewhere(0)]).toEqual([true, false]);
  });
});
