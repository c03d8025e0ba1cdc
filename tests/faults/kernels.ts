/** What the jobs run: kernels that meet the faults of their task and compute. Workers import this module. */
import { defineKernel, type KernelContext } from "sharray";
import type { Point, TaskFault, TaskFaultName } from "./faults.js";

export type ResultKind = "number" | "slots" | "text" | "object" | "array" | "mixed";

export interface KernelArgs {
  readonly faults: readonly TaskFault[];
  /** Name of the job's board, on which each strike is counted once among all threads and processes. */
  readonly board: string;
  readonly isAsync: boolean;
  readonly result: ResultKind;
  readonly weight: number;
}
type Context = KernelContext<KernelArgs>;
type Numbers = ArrayLike<number>;

interface Scene {
  /** Asks the caller's side for what the fault needs, of this thread. */
  readonly ask: () => void;
  readonly aborted: () => boolean;
  readonly isOver: () => boolean;
  /** What the task was given. */
  readonly arrays: readonly Numbers[];
  /** What the task is about to return; undefined before that. */
  readonly value: unknown;
}
/** @returns a promise for the task to wait for, where the fault brings one */
type Strike = (fault: TaskFault, scene: Scene) => PromiseLike<unknown> | undefined;

/** Set on the caller's thread, where nothing may end it. */
declare global {
  var isCallersThread: boolean | undefined;
  /** What was left behind on the calling thread, and reaches arrays of the sequence, is to end. */
  var isSequenceOver: boolean | undefined;
}

const strikes: Record<TaskFaultName, Strike> = {
  exit: () => process.exit(71),
  "exit between tasks": () => {
    setImmediate(() => process.exit(72));
  },
  "exit while sending": (_fault, { value }) => {
    Object.defineProperty(value, "sum", { enumerable: true, get: () => process.exit(73) });
  },
  "exit in the protocol": ({ amount }) => {
    globalThis.operationsLeft = amount;
  },
  "uncaught error": () => {
    setTimeout(() => {
      throw new RangeError("uncaught");
    });
  },
  "unhandled rejection": () => {
    void Promise.reject(new RangeError("unhandled"));
  },
  "heap limit": () => {
    // No list that grows: V8 takes seconds to give up on one that is longer than its heap.
    for (let kept: unknown; ; ) kept = { kept, more: new Array(1000).fill(1.5) };
  },
  killed: () => {
    process.kill(process.pid, "SIGKILL");
    return undefined;
  },
  crash: () => {
    process.kill(process.pid, "SIGSEGV");
    return undefined;
  },
  "abort()": () => process.abort(),
  "torn message": () => {
    globalThis.tearsMessage = true;
    return undefined;
  },
  terminated: (_fault, { ask }) => {
    for (ask(); ; );
  },
  "unreadable message": () => {
    globalThis.spoilsMessage = true;
    return undefined;
  },
  // What sharray's code in the worker rests on. It is put back before the next task.
  "broken built-ins": () => {
    const broken = (): undefined => undefined;
    Object.assign(Math, { min: broken, max: broken, floor: broken });
    Object.assign(Map.prototype, { get: broken, set: broken });
    Object.assign(Array.prototype, { push: broken, shift: broken, [Symbol.iterator]: broken });
    Object.assign(Object, { keys: broken, defineProperty: broken });
    return undefined;
  },
  "unreadable result": (_fault, { value }) => {
    let deep: unknown = null;
    for (let i = 0; i < 5000; i++) deep = { deep };
    Object.assign(value as object, { deep });
    return undefined;
  },
  // Until its call is over it may not disturb it.
  "leaves work behind": ({ amount }, { isOver, arrays }) => {
    const goOn = async (): Promise<void> => {
      for (let times = 0; times < amount && globalThis.isSequenceOver !== true; times += isOver() ? 1 : 0) {
        await new Promise((resolve) => setTimeout(resolve, 1).unref());
        // Plain ones, on the calling thread, may have gone.
        const there = arrays.filter((array) => isOver() && array.length > 0);
        for (const array of there) (array as Float64Array).fill(-77);
      }
    };
    void goOn();
    return undefined;
  },
  throw: ({ task }) => {
    throw Object.assign(new RangeError("a fault"), { task });
  },
  delay: ({ amount }) => {
    for (const end = performance.now() + amount; performance.now() < end; );
  },
  sleep: ({ amount }) => new Promise((resolve) => setTimeout(resolve, amount)),
  overtime: () => {
    for (;;);
  },
  "overtime until told": (_fault, { aborted }) => {
    while (!aborted());
    return undefined;
  },
  // What Node 20.9 lacks can only be waited for.
  "overtime in a system call": () => {
    const processes = process.getBuiltinModule?.("node:child_process");
    if (processes === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
    else processes.execSync("sleep 2");
    return undefined;
  },
  "overtime of a promise": () => new Promise(() => {}),
  abort: (_fault, { ask }) => {
    ask();
    return undefined;
  },
  "endless loop": (_fault, { ask }) => {
    for (ask(); ; );
  },
  "endless wait": (_fault, { ask }) => {
    for (ask(); ; ) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  "unsettled promise": (_fault, { ask }) => {
    ask();
    return new Promise(() => {});
  },
};

/** @returns a promise for the task to wait for, where a fault brings one; the rest is met after it */
function meet(
  point: Point,
  context: Context,
  arrays: readonly Numbers[],
  value?: unknown,
  from = 0,
): PromiseLike<unknown> | undefined {
  const { index, args, aborted } = context;
  const { next, ask, isOver } = globalThis.tasksSideOfBoards;
  const { board } = args;
  for (let i = from; i < args.faults.length; i++) {
    const fault = args.faults[i]!;
    if (fault.task !== index || fault.point !== point) continue;
    if (fault.needsWorker && globalThis.isCallersThread === true) continue;
    if (next(board, i, fault.times) === undefined) continue;
    const scene = { ask: () => ask(board, i), isOver: () => isOver(board), aborted, arrays, value };
    const pause = strikes[fault.kind](fault, scene);
    // The worker ends before it comes to the next one.
    if (fault.kind === "exit while sending") return undefined;
    if (pause !== undefined) return pause.then(() => meet(point, context, arrays, value, i + 1));
  }
  return undefined;
}

/** Async tasks: one in three settles at once, one without a turn of the event loop, one with it. */
function pauseOf(index: number): PromiseLike<unknown> | undefined {
  if (index % 3 === 0) return undefined;
  return index % 3 === 1 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve));
}

function task(
  context: Context,
  arrays: readonly Numbers[],
  compute: (midway: () => void) => unknown,
): unknown {
  const run = (): unknown => {
    const value = compute(() => void meet("midway", context, arrays));
    void meet("after", context, arrays, value);
    return value;
  };
  const pause =
    meet("before", context, arrays) ?? (context.args.isAsync ? pauseOf(context.index) : undefined);
  return pause === undefined ? run() : pause.then(run);
}

export function fold(x: Numbers, y: Numbers | undefined, weight: number, midway?: () => void): number {
  let sum = 0;
  for (let i = 0; ; i++) {
    if (i === x.length >> 1) midway?.();
    if (i === x.length) return sum;
    sum += x[i]! * weight + (y === undefined ? 0 : y[i]!);
  }
}

/** One result of the kind, and so of its way back: by slot, by message, as an array that is moved. */
export function resultOf(kind: ResultKind, sum: number, index: number): unknown {
  if (kind === "number") return sum;
  if (kind === "text") return `${index}:${sum};`;
  if (kind === "object") return { sum, index, list: [sum, null] };
  if (kind === "array") return Float64Array.of(sum, index, -0, Number.NaN);
  const slots = [sum, BigInt(index) << 33n, undefined, null, true, false, -0, Number.NaN];
  if (kind === "slots" || index % 3 > 0) return slots[index % 8];
  return { sum, index, array: new Float32Array([sum, index]) };
}

/** Adds to what is there, so that what a lost worker left would show. */
export function write(
  x: Numbers,
  y: Numbers,
  sum: Float64Array,
  sign: Int8Array,
  weight: number,
  midway?: () => void,
): void {
  for (let i = 0; ; i++) {
    if (i === sum.length >> 1) midway?.();
    if (i === sum.length) return;
    sum[i]! += x[i]! * weight + y[i]!;
    sign[i]! += Math.sign(x[i]!);
  }
}

interface Columns {
  readonly x: Numbers;
  readonly y: Numbers;
}
export interface Written {
  readonly sum: Float64Array;
  readonly sign: Int8Array;
}

const plain = {
  chunk: (x: Numbers, context: Context) => {
    return task(context, [x], (midway) =>
      resultOf(context.args.result, fold(x, undefined, context.args.weight, midway), context.index),
    );
  },
  columns: ({ x, y }: Columns, context: Context) => {
    return task(context, [x, y], (midway) =>
      resultOf(context.args.result, fold(x, y, context.args.weight, midway), context.index),
    );
  },
  item: (item: readonly number[], { y }: { readonly y: Numbers }, context: Context) => {
    return task(context, [y], (midway) =>
      resultOf(context.args.result, fold(item, y, context.args.weight, midway), context.index),
    );
  },
  transform: ({ x, y }: Columns, { sum, sign }: Written, context: Context) => {
    return task(context, [x, y, sum, sign], (midway) => write(x, y, sum, sign, context.args.weight, midway));
  },
};
type Kernels = typeof plain;

export const chunk = defineKernel(import.meta.url, "chunk", plain.chunk);
export const columns = defineKernel(import.meta.url, "columns", plain.columns);
export const item = defineKernel(import.meta.url, "item", plain.item);
export const transform = defineKernel(import.meta.url, "transform", plain.transform);

/** Tells which initializers end their worker, by their order. Workers get a copy of the environment. */
export const ENDED_BY_INITIALIZER = "SHARRAY_ENDED_BY_INITIALIZER";
/** The board on which they are counted. */
export const INITIALIZERS = "initializers";

export const initializer = defineKernel(import.meta.url, "initializer", () => {
  const number = globalThis.tasksSideOfBoards.next(INITIALIZERS, "begun", Infinity);
  if (process.env[ENDED_BY_INITIALIZER]?.split(",").includes(String(number))) process.exit(75);
});

/** Inline kernels with the text of their helpers, because a kernel's text must be complete. */
function inline(helpers: readonly string[]): Kernels {
  const embed = (kernel: unknown) =>
    new Function("a", "b", "c", `${helpers.join("\n")}\nreturn (${kernel})(a, b, c);`);
  return Object.fromEntries(Object.entries(plain).map(([name, kernel]) => [name, embed(kernel)])) as never;
}

const strikesText = `const strikes = {${Object.entries(strikes)
  .map(([name, strike]) => `"${name}": ${strike}`)
  .join(",\n")}};`;

export const KERNELS = {
  module: { chunk, columns, item, transform } as Kernels,
  inline: inline([strikesText, ...[meet, pauseOf, task, fold, resultOf, write].map(String)]),
  /** Reaches no state outside its task, as most kernels do; so it meets no faults of its own, only those of its worker. */
  pure: inline([
    "const meet = () => {};",
    "const pauseOf = (i) => i % 2 ? Promise.resolve() : undefined;",
    ...[task, fold, resultOf, write].map(String),
  ]),
};
export type Home = keyof typeof KERNELS;
