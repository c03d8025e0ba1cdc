import { describe, expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { ArrayTable } from "../../../src/protocol/array-table.js";
import { ValueDecoder, ValueEncoder } from "../../../src/protocol/codec.js";
import { itemReader, packItems } from "../../../src/protocol/items.js";
import { blockBytes, JobBlock, openBlock } from "../../../src/protocol/job-block.js";

function pack(items: readonly unknown[]) {
  return packItems(items, items.length, new ValueEncoder(new ArrayTable(), 0, items.length));
}

describe.each<[string, readonly unknown[]]>([
  ["numbers", [1.5, -0, Number.NaN]],
  ["numbers", Array.from({ length: 100 }, (_, i) => i / 3)],
  ["integers", [1, -2, 0]],
  ["msgpack", ["a", { b: [1, "é"] }, null]],
])("a block with items as %s", (packing, items) => {
  it("a block brings results and items to every thread that opens it", () => {
    const arena = new Arena(2 ** 20);
    const packed = pack(items);
    expect(packed.packing).toBe(packing);
    const { buffer } = openBlock(arena, items.length, packed).region;
    const block = new JobBlock(buffer, items.length, packed.packing);
    const read = itemReader(block.items as NonNullable<typeof block.items>, new ValueDecoder([]));
    expect(items.map((_, i) => read(i))).toEqual(items);
  });

  it("a block keeps results and items apart, up to the last byte", () => {
    const arena = new Arena(2 ** 20);
    const packed = pack(items);
    const { buffer } = openBlock(arena, items.length, packed).region;
    const writer = new JobBlock(buffer, items.length, packed.packing);
    items.forEach((_, i) => {
      writer.results.write(i, 2n ** 63n - 1n);
    });
    const reader = new JobBlock(buffer, items.length, packed.packing);
    expect(reader.results.collect(new Map())).toEqual(items.map(() => 2n ** 63n - 1n));
    const read = itemReader(reader.items as NonNullable<typeof reader.items>, new ValueDecoder([]));
    expect(items.map((_, i) => read(i))).toEqual(items);
    expect(blockBytes(items.length, packed)).toBeLessThanOrEqual(buffer.byteLength);
  });
});

it("a new block has all tasks pending, on memory that was used before, too", () => {
  const arena = new Arena(2 ** 20);
  const used = arena.take(4096);
  new Uint8Array(used.buffer).fill(1);
  arena.give(used);
  const { region } = openBlock(arena, 100, undefined);
  expect(region).toBe(used);
  const block = new JobBlock(region.buffer, 100, null);
  expect(block.items).toBeUndefined();
  expect(Array.from({ length: 100 }, (_, i) => block.results.isPending(i))).not.toContain(false);
});

it("a block gives its memory back if its items cannot be read", () => {
  const arena = new Arena(2 ** 20);
  const numbers = {
    length: 2,
    get 0(): number {
      throw new Error("not again");
    },
    1: 1,
  };
  expect(() => openBlock(arena, 2, { packing: "numbers", numbers })).toThrow("not again");
  expect(arena.usage()).toMatchObject({ bytesInUse: 0, regions: 1 });
});

it("a block refuses numbers whose list has another length by now, and gives the region back", () => {
  const arena = new Arena(2 ** 20);
  const items = [1, 2, 3];
  const packed = pack(items);
  items.length = 1;
  expect(() => openBlock(arena, 3, packed)).toThrow(
    /list must stay as it is while the call is made: it had 3, now it has 1/,
  );
  expect(arena.usage().bytesInUse).toBe(0);
});

describe("a job that repeats", () => {
  const open = (arena: Arena, items: readonly unknown[]) => openBlock(arena, items.length, pack(items));

  it("has the views of the one before, and nothing of its results or items", () => {
    const arena = new Arena(2 ** 20);
    const first = open(arena, [1, 2, 3]);
    first.block.results.write(0, 7);
    first.block.results.markElsewhere(2);
    arena.give(first.region);
    const second = open(arena, [4, 5, 6]);
    expect(second.block).toBe(first.block);
    expect([0, 1, 2].map((i) => second.block.results.isPending(i))).toEqual([true, true, true]);
    const read = itemReader(
      second.block.items as NonNullable<typeof second.block.items>,
      new ValueDecoder([]),
    );
    expect([0, 1, 2].map(read)).toEqual([4, 5, 6]);
  });

  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ["more tasks", [1, 2], [1, 2, 3]],
    ["other items", [1, 2, 3], ["a", "b", "c"]],
    ["items of other lengths", ["a", "b"], ["abc", "defg"]],
    ["numbers after msgpack", ["a", "b", "c"], [1, 2, 3]],
  ])("and is another one has its own: %s", (_, before, after) => {
    const arena = new Arena(2 ** 20);
    const first = open(arena, before);
    before.forEach((_, i) => {
      first.block.results.write(i, i);
    });
    arena.give(first.region);
    const { block, region } = open(arena, after);
    expect(region).toBe(first.region);
    expect(block.results.length).toBe(after.length);
    expect(after.map((_, i) => block.results.isPending(i))).not.toContain(false);
    const read = itemReader(block.items as NonNullable<typeof block.items>, new ValueDecoder([]));
    expect(after.map((_, i) => read(i))).toEqual(after);
  });

  it("may be without items, before or afterwards", () => {
    const arena = new Arena(2 ** 20);
    const first = open(arena, [1, 2]);
    arena.give(first.region);
    const second = openBlock(arena, 2, undefined);
    expect(second.block.items).toBeUndefined();
    arena.give(second.region);
    expect(open(arena, [3, 4]).block.items).toMatchObject({
      packing: "integers",
      numbers: Float64Array.of(3, 4),
    });
  });
});
