/** A step made real: its payload in memory and its calls, for any executor. */
import type { ParallelExecutor } from "../../../dist/index.js";
import { KERNELS, type StoryKernel } from "./story-kernels.js";
import type { KernelName, Step } from "./story-types.js";

type Numbers = Float64Array<ArrayBufferLike> | Float32Array<ArrayBufferLike> | Uint8Array<ArrayBufferLike>;

const KINDS = { f64: Float64Array, f32: Float32Array, u8: Uint8Array } as const;

/** Makes one call of a step. */
export type StepCall = (executor: ParallelExecutor, kernel: StoryKernel) => Promise<unknown>;

export class PreparedStep {
  readonly step: Step;
  readonly #kernel: KernelName;
  readonly #spinCost: number;
  /** One array per task of a list; one array otherwise. */
  readonly #arrays: readonly Numbers[];
  readonly #items: readonly number[];
  readonly #chunkSize: number | undefined;

  /** @param spinCost nanoseconds per iteration of the spin kernels */
  constructor(step: Step, kernel: KernelName, spinCost: number) {
    this.step = step;
    this.#kernel = kernel;
    this.#spinCost = spinCost;
    const { call, tasks, bytes, kind = "f64", shared } = step;
    const count = tasks === "default" ? 1 : tasks;
    const length = Math.floor(bytes / KINDS[kind].BYTES_PER_ELEMENT);
    const parts = call === "list" ? count : 1;
    this.#arrays = numbers(kind, shared, parts, Math.floor(length / parts));
    this.#items = call === "items" ? Array.from({ length: count }, (_, i) => i) : [];
    this.#chunkSize = tasks === "default" ? undefined : Math.ceil(length / count);
  }

  /** Sets the scene for the call number `index`, so that making it does nothing but call. */
  prepare(index: number): StepCall {
    const args = { work: this.#workOf(index) };
    if (KERNELS[this.#kernel].work === "data") this.#writeWork(args.work);
    const [x] = this.#arrays as [Numbers];
    const chunkSize = this.#chunkSize;
    switch (this.step.call) {
      case "list":
        return (executor, kernel) => executor.mapShared(this.#arrays, kernel, { args });
      case "chunks":
        return (executor, kernel) => executor.mapShared(x, kernel, { args, chunkSize });
      case "reduce":
        return (executor, kernel) =>
          executor.reduceShared(x, kernel, (a: number, b: number) => a + b, { args, chunkSize });
      case "transform":
        return (executor, kernel) =>
          executor.transformShared(x, KINDS[this.step.kind ?? "f64"], kernel, { args, chunkSize });
      case "items":
        return (executor, kernel) => executor.map(this.#items, kernel, { args, shared: { x } });
    }
  }

  /** In iterations of the kernel's loop. */
  #workOf(index: number): number {
    const { work, growth = 1 } = this.step;
    const base = typeof work === "number" ? work : (work[index % work.length] as number);
    const grown = base * growth ** index;
    return KERNELS[this.#kernel].unit === "passes" ? grown : Math.round(grown / this.#spinCost);
  }

  #writeWork(iterations: number): void {
    for (const array of this.#arrays) {
      const stride = this.step.call === "list" ? array.length : (this.#chunkSize ?? array.length);
      for (let at = 0; at < array.length; at += stride) array[at] = iterations;
    }
  }
}

/** Whole numbers, so that sums are exact. Those on shared memory are in one piece of it. */
function numbers(kind: keyof typeof KINDS, shared: boolean, parts: number, length: number): Numbers[] {
  const bytes = length * KINDS[kind].BYTES_PER_ELEMENT;
  const block = shared ? new SharedArrayBuffer(parts * bytes) : undefined;
  return Array.from({ length: parts }, (_, part) => {
    const array = block === undefined ? new KINDS[kind](length) : viewOf(kind, block, part * bytes, length);
    for (let i = 0; i < length; i += 1) array[i] = (part * length + i) % 1009;
    return array;
  });
}

function viewOf(kind: keyof typeof KINDS, block: SharedArrayBuffer, from: number, length: number): Numbers {
  switch (kind) {
    case "f64":
      return new Float64Array(block, from, length);
    case "f32":
      return new Float32Array(block, from, length);
    case "u8":
      return new Uint8Array(block, from, length);
  }
}

/** Equal for equal results: a number that depends on every value and its place. */
export function checksum(result: unknown): number {
  if (typeof result === "number") return result;
  if (result instanceof Map) return checksum([...result].flat());
  let sum = 7;
  if (result instanceof Float64Array) {
    // Large outputs, for which the way below is too slow.
    for (let i = 0; i < result.length; i += 1) sum = (Math.imul(sum, 31) + (result[i] as number)) | 0;
    return sum;
  }
  for (const value of result as Iterable<unknown>) sum = (Math.imul(sum, 31) + checksum(value)) | 0;
  return sum;
}
