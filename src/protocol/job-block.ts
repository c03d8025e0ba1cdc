/**
 * The job block: results and packed items of one job in one region. It outlives the rounds in which the tasks run. In this order:
 * result slots, result kinds, items.
 */
import type { Arena } from "../memory/arena.js";
import { aligned } from "../memory/placement.js";
import type { Region } from "../memory/region.js";
import { copyBytes } from "../platform/bytes.js";
import type { PackedItems } from "./items.js";
import { ResultTable } from "./result-table.js";

/** Offsets of the parts. They follow from the number of tasks and the bytes of the items alone. */
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
  const words = items === undefined ? 0 : items.packing === "msgpack" ? items.offsets.length : tasks;
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

// Up to this many numbers a loop is faster than `set` (docs/decisions/0011).
const FEW = 16;

/** A job block as one thread sees it. */
export class JobBlock {
  readonly results: ResultTable;
  readonly items: PackedItems | undefined;

  /** Takes part in a block that `openBlock` has filled. */
  constructor(buffer: SharedArrayBuffer, tasks: number, packing: PackedItems["packing"] | null) {
    const layout = blockLayout(tasks, undefined);
    this.results = new ResultTable(
      new Float64Array(buffer, 0, tasks),
      new Uint8Array(buffer, layout.kinds, tasks),
    );
    if (packing === "msgpack") {
      const offsets = new Float64Array(buffer, layout.items, tasks + 1);
      const bytes = new Uint8Array(buffer, layout.items + offsets.byteLength, offsets[tasks]);
      this.items = { packing, bytes, offsets };
    } else if (packing !== null) {
      this.items = { packing, numbers: new Float64Array(buffer, layout.items, tasks) };
    }
  }

  /** Whether these views serve another job, too. Views of msgpack items do not, because they depend on the items' lengths. */
  isFor(tasks: number, packing: PackedItems["packing"] | null): boolean {
    return (
      packing !== "msgpack" && this.results.length === tasks && (this.items?.packing ?? null) === packing
    );
  }

  setNumbers(numbers: ArrayLike<number>): void {
    if (this.items === undefined || this.items.packing === "msgpack") return;
    const own = this.items.numbers as Float64Array;
    if (numbers.length > FEW) own.set(numbers);
    else for (let i = 0; i < numbers.length; i += 1) own[i] = numbers[i] as number;
  }
}

interface OpenedBlock {
  readonly region: Region;
  readonly block: JobBlock;
}

/**
 * Takes a region for a job, and writes what is known before the first task. A call that repeats gets the same region again, with the
 * views that the last one made.
 */
export function openBlock(arena: Arena, tasks: number, items: PackedItems | undefined): OpenedBlock {
  const layout = blockLayout(tasks, items);
  const region = arena.take(layout.end);
  try {
    return openIn(region, layout, tasks, items);
  } catch (error) {
    // A list may be a proxy that answers something else than before.
    arena.give(region);
    throw error;
  }
}

function openIn(
  region: Region,
  layout: BlockLayout,
  tasks: number,
  items: PackedItems | undefined,
): OpenedBlock {
  if (items?.packing === "msgpack") {
    new Float64Array(region.buffer, layout.items, tasks + 1).set(items.offsets);
    copyBytes(new Uint8Array(region.buffer, layout.itemBytes, items.bytes.length), items.bytes);
  }
  const packing = items?.packing ?? null;
  let opened = standing.get(region);
  if (opened?.block.isFor(tasks, packing) !== true) {
    opened = { region, block: new JobBlock(region.buffer, tasks, packing) };
    standing.set(region, opened);
  }
  if (region.recycled) opened.block.results.reset();
  if (items !== undefined && items.packing !== "msgpack") {
    // A listener of telemetry, or a getter of `args`, may have changed the list.
    if (items.numbers.length !== tasks) {
      throw new TypeError(
        `Cannot map the items as their list must stay as it is while the call is made: it had ${tasks}, ` +
          `now it has ${items.numbers.length}`,
      );
    }
    opened.block.setNumbers(items.numbers);
  }
  return opened;
}

const standing = new WeakMap<Region, OpenedBlock>();
