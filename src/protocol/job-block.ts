/**
 * The job block: the results and the packed items of one job in one region. It outlives the rounds in which the
 * tasks are run. In this order: result slots, result kinds, items.
 */
import type { Arena, Region } from "../memory/arena.js";
import { aligned } from "../memory/placement.js";
import type { PackedItems } from "./items.js";
import { ResultTable } from "./results.js";

/** Offsets of the parts, worked out from the number of tasks and the bytes of the items alone. */
interface BlockLayout {
  readonly kinds: number;
  /** Numbers, or the offsets of msgpack items. */
  readonly items: number;
  /** The bytes of msgpack items. */
  readonly itemBytes: number;
  readonly end: number;
}

function blockLayout(tasks: number, items: PackedItems | undefined): BlockLayout {
  const kinds = tasks * 8;
  const itemsAt = aligned(kinds + tasks);
  const words =
    items === undefined ? 0 : items.packing === "numbers" ? items.numbers.length : items.offsets.length;
  const itemBytes = itemsAt + words * 8;
  return { kinds, items: itemsAt, itemBytes, end: itemBytes + packedBytes(items) };
}

function packedBytes(items: PackedItems | undefined): number {
  return items?.packing === "msgpack" ? items.bytes.length : 0;
}

/** Bytes of the region that a job's block needs. */
export function blockBytes(tasks: number, items: PackedItems | undefined): number {
  return blockLayout(tasks, items).end;
}

/** A job block as one thread sees it. */
export class JobBlock {
  readonly results: ResultTable;
  readonly items: PackedItems | undefined;

  /** Takes part in a block that `fillBlock` has filled. */
  constructor(buffer: SharedArrayBuffer, tasks: number, packing: PackedItems["packing"] | null) {
    const layout = blockLayout(tasks, undefined);
    this.results = new ResultTable(
      new Float64Array(buffer, 0, tasks),
      new Uint8Array(buffer, layout.kinds, tasks),
    );
    if (packing === "numbers") {
      this.items = { packing, numbers: new Float64Array(buffer, layout.items, tasks) };
    } else if (packing === "msgpack") {
      const offsets = new Float64Array(buffer, layout.items, tasks + 1);
      const bytes = new Uint8Array(buffer, layout.items + offsets.byteLength, offsets[tasks]);
      this.items = { packing, bytes, offsets };
    }
  }
}

/** Takes a region for a job and writes everything that is known before the first task. */
export function fillBlock(arena: Arena, tasks: number, items: PackedItems | undefined): Region {
  const layout = blockLayout(tasks, items);
  const region = arena.take(layout.end);
  const { buffer } = region;
  if (region.recycled) new Uint8Array(buffer, layout.kinds, tasks).fill(0);
  if (items?.packing === "numbers") {
    new Float64Array(buffer, layout.items, tasks).set(items.numbers);
  } else if (items?.packing === "msgpack") {
    new Float64Array(buffer, layout.items, tasks + 1).set(items.offsets);
    new Uint8Array(buffer, layout.itemBytes, items.bytes.length).set(items.bytes);
  }
  return region;
}
