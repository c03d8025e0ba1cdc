/** Every kind of call: its payload, how it is made, and what it must give, computed plainly. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CallOptions, ParallelExecutor, TypedArray } from "sharray";
import { fold, KERNELS, type KernelArgs, resultOf, type Written, write } from "./kernels.js";
import type { JobPlan } from "./plan.js";
import { Random } from "./random.js";

type Options = CallOptions<KernelArgs> & { readonly args: KernelArgs };
/** Takes a result of a stream. @returns true to leave the loop */
type OnResult = (index: number, value: unknown) => boolean;

export interface CallKind<P = unknown> {
  readonly weight: number;
  payload(job: JobPlan): P;
  /** On shared memory before the call. */
  share(executor: ParallelExecutor, payload: P): P;
  make(
    executor: ParallelExecutor,
    job: JobPlan,
    payload: P,
    options: Options,
    onResult: OnResult,
  ): Promise<unknown>;
  /** What a task must give, and its part of the outputs, if the call has some. */
  value(job: JobPlan, payload: P, task: number): unknown;
  /** What the call must give, from what its tasks do. */
  whole(job: JobPlan, payload: P, values: () => unknown[]): unknown;
  /** The range that an error of this task must tell. */
  range(job: JobPlan, payload: P, task: number): readonly [start: number, end: number];
}

const WEIGHT = 0.1;
const KINDS: readonly (new (length: number) => Filled)[] = [
  Float64Array,
  Float32Array,
  Int32Array,
  Int16Array,
  Uint8Array,
];
type Filled = Float64Array | Float32Array | Int32Array | Int16Array | Uint8Array;

/** Numbers with fractions, signs and negative zeros, so that sums in another order have other bits. */
function numbers<A extends Filled>(kind: new (length: number) => A, length: number, seed: number): A {
  const array = new kind(length);
  for (let i = 0; i < length; i++) array[i] = i % 11 === 5 ? -0 : (((i + seed) * 7919) % 1000) / 7 - 50;
  return array;
}

const lengthOf = ({ tasks, chunkSize, cut }: JobPlan): number => Math.max(0, tasks * chunkSize - cut);
const chunkOf = ({ chunkSize, ...job }: JobPlan, i: number): readonly [number, number] => {
  return [i * chunkSize, Math.min((i + 1) * chunkSize, lengthOf({ chunkSize, ...job }))];
};
const perTask = <T>({ tasks }: JobPlan, value: (index: number) => T): T[] =>
  Array.from({ length: tasks }, (_, i) => value(i));

const array: CallKind<Float64Array> = {
  weight: 3,
  payload: (job) => numbers(Float64Array, lengthOf(job), job.seed),
  share: (executor, x) => executor.share(x),
  make: (executor, job, x, options) => executor.mapShared(x, KERNELS[job.home].chunk, options),
  value: (job, x, task) =>
    resultOf(job.result, fold(x.subarray(...chunkOf(job, task)), undefined, WEIGHT), task),
  whole: (_job, _payload, values) => values(),
  range: (job, _x, task) => chunkOf(job, task),
};

interface Columns {
  readonly x: Float64Array;
  readonly y: Int32Array;
}
const columns: CallKind<Columns> = {
  weight: 3,
  payload: (job) => ({
    x: numbers(Float64Array, lengthOf(job), job.seed),
    y: numbers(Int32Array, lengthOf(job), job.seed + 1),
  }),
  share: (executor, payload) => executor.share(payload),
  make: (executor, job, payload, options) => executor.mapShared(payload, KERNELS[job.home].columns, options),
  value: (job, { x, y }, task) => {
    const chunk = chunkOf(job, task);
    return resultOf(job.result, fold(x.subarray(...chunk), y.subarray(...chunk), WEIGHT), task);
  },
  whole: (_job, _payload, values) => values(),
  range: (job, _payload, task) => chunkOf(job, task),
};

/** Lists are of arrays of many kinds and lengths, empty ones among them. */
const list: CallKind<TypedArray[]> = {
  weight: 2,
  payload: (job) => {
    const random = new Random(job.seed);
    return perTask(job, (i) => numbers(random.pick(KINDS), random.integer(0, 40), i));
  },
  share: (executor, arrays) => executor.share(arrays),
  make: (executor, job, arrays, options) =>
    executor.mapShared(arrays, KERNELS[job.home].chunk as never, options),
  value: (job, arrays, task) =>
    resultOf(job.result, fold(arrays[task] as Float64Array, undefined, WEIGHT), task),
  whole: (_job, _payload, values) => values(),
  range: (_job, arrays, task) => [0, arrays[task]!.length],
};

interface Items {
  readonly items: number[][];
  readonly y: Float64Array;
}
const items: CallKind<Items> = {
  weight: 3,
  payload: (job) => ({
    items: perTask(job, (i) => [...numbers(Float64Array, i % 4, i)]),
    y: numbers(Float64Array, 1000, job.seed),
  }),
  share: (executor, { items, y }) => ({ items, y: executor.share(y) }),
  // Items are not cut.
  make: (executor, job, { items, y }, { chunkSize: _, ...options }) =>
    executor.map(items, KERNELS[job.home].item, { ...options, shared: { y } }),
  value: (job, { items, y }, task) => resultOf(job.result, fold(items[task]!, y, WEIGHT), task),
  whole: (_job, _payload, values) => values(),
  range: (_job, _payload, task) => [task, task + 1],
};

function written(x: Float64Array, y: Int32Array): Written {
  const outputs = { sum: new Float64Array(x.length), sign: new Int8Array(x.length) };
  write(x, y, outputs.sum, outputs.sign, WEIGHT);
  return outputs;
}

const transform: CallKind<Columns> = {
  ...columns,
  make: (executor, job, payload, options) =>
    executor.transformShared(
      payload,
      { sum: Float64Array, sign: Int8Array },
      KERNELS[job.home].transform,
      options,
    ),
  value: (job, { x, y }, task) => {
    const chunk = chunkOf(job, task);
    return written(x.subarray(...chunk), y.subarray(...chunk));
  },
  whole: (_job, { x, y }) => written(x, y),
};

const combine = (a: unknown, b: unknown): unknown => (a as number) + (b as number);
const reduce: CallKind<Float64Array> = {
  ...array,
  make: (executor, job, x, options) =>
    executor.reduceShared(x, KERNELS[job.home].chunk, combine, { ...options, initial: 0.1 }),
  whole: (_job, _payload, values) => values().reduce(combine, 0.1),
};

const stream: CallKind<Float64Array> = {
  ...array,
  async make(executor, job, x, options, onResult) {
    const results = executor.streamShared(x, KERNELS[job.home].chunk, options);
    for await (const { index, value } of results) {
      if (onResult(index, value)) break;
      if (job.readsSlowly) await nextTurn();
    }
    return undefined;
  },
};

export const CALLS = { array, columns, list, items, transform, reduce, stream };
export type CallName = keyof typeof CALLS;

export function callKind(name: CallName): CallKind {
  return CALLS[name] as CallKind;
}

/** What the job's call must give, computed plainly. */
export function expectedOf(job: JobPlan, payload: unknown): unknown {
  const kind = callKind(job.call);
  return kind.whole(job, payload, () => perTask(job, (task) => kind.value(job, payload, task)));
}

/** The part of outputs that a task has written. */
export function partOf(outputs: unknown, [start, end]: readonly [number, number]): Written {
  const { sum, sign } = outputs as Written;
  return { sum: sum.slice(start, end), sign: sign.slice(start, end) };
}

export function kernelArgs(job: JobPlan): Omit<KernelArgs, "board"> {
  const { taskFaults: faults, isAsync, result } = job;
  return { faults, isAsync, result, weight: WEIGHT };
}
