/** A cell made real: its payload in memory and its call, for any executor. */
import { createHash } from "node:crypto";
import type { ParallelExecutor } from "../../../dist/index.js";
import type { Cell } from "./cells.js";
import { cellKernel } from "./kernels.js";

export type Call = (executor: ParallelExecutor) => Promise<unknown>;

/** What a process needs to run a cell; plain data, so that it can be sent to one. */
export interface Recipe {
  readonly cell: Cell;
  /** See `cellKernel`. */
  readonly iterations: number;
}

export function recipe(cell: Cell, spinCost: number): Recipe {
  const perTask = cell.cost === "pass" ? 0 : cell.cost / spinCost;
  const loops = cell.kind === "transform" ? taskLength(cell) : 1;
  return { cell, iterations: Math.max(1, Math.round(perTask / loops)) };
}

export function prepare({ cell, iterations }: Recipe): Call {
  const { kind, tasks } = cell;
  const kernel = cellKernel(cell, iterations);
  const chunkSize = taskLength(cell);
  switch (kind) {
    case "list": {
      const list = Array.from({ length: tasks }, (_, i) => numbers(cell, i * chunkSize, chunkSize));
      return (executor) => executor.mapShared(list, kernel);
    }
    case "items": {
      const x = numbers(cell, 0, chunkSize);
      const items = Array.from({ length: tasks }, (_, i) => i);
      return (executor) => executor.map(items, kernel, { shared: { x } });
    }
    case "reduce": {
      const x = numbers(cell, 0, tasks * chunkSize);
      return (executor) => executor.reduceShared(x, kernel, (a, b) => a + b, { chunkSize });
    }
    case "chunks": {
      const columns = columnsOf(cell);
      return (executor) => executor.mapShared(columns, kernel, { chunkSize });
    }
    case "transform": {
      const columns = columnsOf(cell);
      return (executor) => executor.transformShared(columns, Float64Array, kernel, { chunkSize });
    }
  }
}

/** Equal for equal results, and small enough to send. */
export function digest(result: unknown): string {
  const values = typeof result === "number" ? [result] : (result as ArrayLike<number>);
  // A copy: hashes do not read shared memory.
  return createHash("sha1").update(new Float64Array(values)).digest("hex");
}

function columnsOf(cell: Cell): { x: Float64Array; y: Float64Array } {
  const length = cell.tasks * taskLength(cell);
  return { x: numbers(cell, 0, length), y: numbers(cell, length, length) };
}

/** Elements of each array that one task sees. */
function taskLength({ kind, bytes, tasks }: Cell): number {
  const elements = bytes / Float64Array.BYTES_PER_ELEMENT;
  if (kind === "items") return elements;
  const columns = kind === "chunks" || kind === "transform" ? 2 : 1;
  return Math.floor(elements / columns / tasks);
}

/** Shared memory weighs nothing in the eyes of the garbage collector, so blocks are kept and used by many cells. */
const blocks = new Map<number, SharedArrayBuffer>();

/** Elements `from` onwards of the cell's payload: whole numbers, so that sums are exact. */
function numbers({ bytes, shared }: Cell, from: number, length: number): Float64Array {
  let array: Float64Array;
  if (shared) {
    const block = blocks.get(bytes) ?? new SharedArrayBuffer(bytes);
    blocks.set(bytes, block);
    array = new Float64Array(block, from * Float64Array.BYTES_PER_ELEMENT, length);
  } else {
    array = new Float64Array(length);
  }
  for (let i = 0; i < length; i += 1) array[i] = (from + i) % 1009;
  return array;
}
