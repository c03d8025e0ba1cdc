/** The memory of a job as children need it: where its arrays are there, and where their bytes come from. */
import type { Arena } from "../../memory/arena.js";
import { kindOf, type TypedArray } from "../../memory/dtypes.js";
import { type ArrayPlace, placedAt } from "../../memory/placement.js";
import { nextMemoryId } from "../../memory/region.js";
import { moduleOf } from "../../memory/wasm-modules.js";
import type { Job } from "../job.js";
import type { JobInputs, PlacedJob, SharedJob } from "../strategy.js";
import { type Interval, type MemorySource, plainSource, sharedSource, union } from "./memory-source.js";

export interface JobSources extends PlacedJob {
  readonly sources: readonly MemorySource[];
  /** Memory for the job alone, with its bytes. */
  readonly own: readonly (readonly [memory: number, bytes: number])[];
  readonly inputs: Pick<JobInputs, "verifies" | "changed">;
  /** Milliseconds that all tasks are expected to take; `undefined` if nobody knows. */
  readonly expected: number | undefined;
}

/** @param expected milliseconds of computing; `undefined` if nobody knows */
export function sourcesOf(
  job: Job,
  inputs: JobInputs,
  arena: Arena,
  expected: number | undefined,
): JobSources {
  const { placement, block, isGuests: isVolatile } = inputs;
  const { arrays, spec } = job.parts;
  const outputs = spec.outputs?.arrays ?? [];
  // The user's own memory: its contents count, and change.
  const kept = new Set(spec.keeps?.map((i) => arrays[outputs[i] as number]?.buffer));
  const own = new Map<number, number>([[block.memory, block.buffer.byteLength]]);
  const sources: MemorySource[] = [itemSource(job, block)];
  const readers = new Map<SharedArrayBuffer, TypedArray[]>();
  const memoryOf = new Map<ArrayBufferLike, number>();
  const plain = nextMemoryId();
  const places = arrays.map((array, i): ArrayPlace => {
    const kind = kindOf(array);
    const extent = placement.extentOf.get(array);
    if (extent !== undefined) {
      return { kind, memory: plain, byteOffset: placedAt(extent), length: extent.length };
    }
    const { byteOffset, length } = array;
    const buffer = array.buffer as SharedArrayBuffer;
    if (moduleOf(buffer) !== undefined) {
      throw new TypeError(
        "Cannot send a WebAssembly.Module to child processes as they share no compiled code: pass its bytes, and compile " +
          'them in the kernel, or use strategy "threads"',
      );
    }
    if (length === 0 && !outputs.includes(i)) {
      // Tasks read nothing from it, so no child has its memory.
      const empty = nextMemoryId();
      own.set(empty, 0);
      return { kind, memory: empty, byteOffset: 0, length };
    }
    let memory = memoryOf.get(buffer);
    if (memory === undefined) {
      memory = isVolatile || kept.has(buffer) ? nextMemoryId() : arena.identify(buffer);
      memoryOf.set(buffer, memory);
    }
    if (outputs.includes(i) && !kept.has(buffer)) {
      own.set(memory, buffer.byteLength);
    } else {
      const others = readers.get(buffer);
      if (others === undefined) readers.set(buffer, [array]);
      else others.push(array);
    }
    return { kind, memory, byteOffset, length };
  });
  for (const [buffer, read] of readers) {
    const source = sharedSource(memoryOf.get(buffer) as number, buffer, read);
    const isOwn = isVolatile || kept.has(buffer);
    sources.push(isOwn ? { ...source, contents: undefined } : source);
    if (isOwn) own.set(source.memory, source.size);
  }
  if (placement.spans.length > 0) {
    sources.push(plainSource(plain, placement.bytesNeeded, placement.spans));
    own.set(plain, placement.bytesNeeded);
  }
  return {
    places,
    block,
    sources: sources.filter(({ wanted }) => wanted.length > 0),
    own: [...own],
    inputs,
    expected,
  };
}

/** The packed items, which are in the job block. */
function itemSource({ parts }: Job, { memory, buffer }: SharedJob["block"]): MemorySource {
  const { items } = parts.block;
  let views: readonly TypedArray[] = [];
  if (items?.packing === "msgpack") views = [items.offsets, items.bytes];
  else if (items !== undefined) views = [items.numbers as Float64Array];
  const wanted = views.map(({ byteOffset, byteLength }): Interval => {
    return [byteOffset, byteOffset + byteLength];
  });
  return { ...sharedSource(memory, buffer, []), contents: undefined, wanted: union(wanted, []) };
}
