import { describe, expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { ArrayTable, ValueDecoder, ValueEncoder } from "../../../src/protocol/codec.js";
import { itemReader, packItems } from "../../../src/protocol/items.js";
import { blockBytes, fillBlock, JobBlock } from "../../../src/protocol/job-block.js";

function pack(items: readonly unknown[]) {
  return packItems(items, new ValueEncoder(new ArrayTable(), 0));
}

describe.each<[string, readonly unknown[]]>([
  ["numbers", [1.5, -0, Number.NaN]],
  ["msgpack", ["a", { b: [1, "é"] }, null]],
])("a block with items as %s", (packing, items) => {
  it("brings them to whoever opens it", () => {
    const arena = new Arena(2 ** 20, () => {});
    const packed = pack(items);
    expect(packed.packing).toBe(packing);
    const { buffer } = fillBlock(arena, items.length, packed);
    const block = new JobBlock(buffer, items.length, packed.packing);
    const read = itemReader(block.items as NonNullable<typeof block.items>, new ValueDecoder([]));
    expect(items.map((_, i) => read(i))).toEqual(items);
  });

  it("keeps results and items apart, up to the last byte", () => {
    const arena = new Arena(2 ** 20, () => {});
    const packed = pack(items);
    const { buffer } = fillBlock(arena, items.length, packed);
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

it("all tasks are pending at first, on memory that was used before too", () => {
  const arena = new Arena(2 ** 20, () => {});
  const used = arena.take(4096);
  new Uint8Array(used.buffer).fill(1);
  arena.give(used);
  const region = fillBlock(arena, 100, undefined);
  expect(region).toBe(used);
  const block = new JobBlock(region.buffer, 100, null);
  expect(block.items).toBeUndefined();
  expect(Array.from({ length: 100 }, (_, i) => block.results.isPending(i))).not.toContain(false);
});
