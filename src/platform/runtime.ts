/** What only the runtime can tell or do, for Node. `runtime.browser.ts` is its twin (docs/decisions/0009). */

import { builtInModule } from "./built-in-module.js";
import { now, type setTimeout } from "./builtins.js";
import { cpuBudgetOf } from "./cpu-budget.js";
import { readText } from "./read-text.js";

// Held as it is now, for the reason in builtins.ts.
const { setImmediate } = builtInModule("node:timers");

/** Resolves in a later turn of the event loop, after I/O and messages had theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Does `work` in a later turn of the event loop, after I/O and messages had theirs. */
export function soon(work: () => void): void {
  setImmediate(work);
}

/** The same, unless the process has nothing else left to do. */
export function inBackground(work: () => void): void {
  setImmediate(work).unref();
}

/** The process need not live for this timer. @returns the timer */
export function unref<T extends ReturnType<typeof setTimeout>>(timer: T): T {
  timer.unref();
  return timer;
}

/** Variables of the environment. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return globalThis.process?.env ?? {};
}

const noSharedMemory =
  typeof SharedArrayBuffer === "function"
    ? undefined
    : "this runtime has no SharedArrayBuffer, which threads need to share memory: start it without what takes that away";

/** Why threads can't share memory here; `undefined` if they can. */
export function whyNoThreads(): string | undefined {
  return noSharedMemory;
}

/** Why there are no child processes here; `undefined` if there are. */
export function whyNoProcesses(): string | undefined {
  return noProcesses;
}

const noProcesses = findWhyNoProcesses();

function findWhyNoProcesses(): string | undefined {
  if (noSharedMemory !== undefined) return noSharedMemory;
  const { bun, deno } = process.versions as { readonly bun?: string; readonly deno?: string };
  if (bun !== undefined || deno !== undefined)
    return `child processes are started with Node's options, and this is ${bun === undefined ? "Deno" : "Bun"}`;
  if (isSingleExecutable()) return "child processes need Node, and this is a single-executable application";
  return undefined;
}

/** Whether the process's own file is the program, which every child process would run again. */
function isSingleExecutable(): boolean {
  // Such a program has its own name in place of a script's. The module that tells takes long to load, and Node 20.9 lacks it.
  if (process.argv[1] !== process.argv0) return false;
  const sea = process.getBuiltinModule?.("node:sea") as { isSea(): boolean } | undefined;
  return sea?.isSea() ?? false;
}

/** Memory for all threads; for this thread alone if there is no other. */
export function newMemory(bytes: number): SharedArrayBuffer {
  if (noSharedMemory === undefined) return new SharedArrayBuffer(bytes);
  return new ArrayBuffer(bytes) as unknown as SharedArrayBuffer;
}

/** The most elements of a typed array. On Node 20 that is 2 ** 32, so an array of bytes has at most 4 GiB. */
export const LONGEST_ARRAY: number = builtInModule("node:buffer").constants.MAX_LENGTH;

let offset: number | undefined;

/** A time of `clock`, as `performance.now()` counts on this thread. */
export function performanceTime(time: number): number {
  offset ??= clockOffset();
  return time - offset;
}

/** Two clocks can only be read one after the other. So the pair of readings that is closest together counts. */
function clockOffset(): number {
  const { performance } = builtInModule("node:perf_hooks");
  let closest = 0;
  let gap = Infinity;
  for (let i = 0; i < 5; i++) {
    const before = now();
    const counted = performance.now();
    const after = now();
    if (after - before < gap) {
      gap = after - before;
      closest = (before + after) / 2 - counted;
    }
  }
  return closest;
}

/** Whether two arrays of equal length hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

let lastBudget: number | undefined;

/** CPUs that this process may use: the least of affinity, cgroup quotas and what Node tells. At least 1. */
export function cpuBudget(): number {
  lastBudget = cpuBudgetOf(readText, builtInModule("node:os").availableParallelism());
  return lastBudget;
}

/** The CPU budget, as it was when somebody last asked for it. Reading it takes a millisecond of a young process. */
export function lastCpuBudget(): number {
  return lastBudget ?? cpuBudget();
}

/** Bytes of memory that this process may use. */
export function memoryBudget(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = builtInModule("node:os").totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}
