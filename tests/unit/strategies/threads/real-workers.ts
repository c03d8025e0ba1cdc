/** Pools of real workers, and jobs for them. The workers' entry is that of dist: see vitest.config.ts. */
import { vi } from "vitest";
import { resolveKernel } from "../../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../../src/kernel/types.js";
import { Arena } from "../../../../src/memory/arena.js";
import { kindOf } from "../../../../src/memory/dtypes.js";
import { Lease } from "../../../../src/memory/lease.js";
import { ALL_OPTIMIZATIONS } from "../../../../src/platform/optimizations.js";
import { openBlock } from "../../../../src/protocol/job-block.js";
import { Job } from "../../../../src/strategies/job.js";
import type { SharedJob } from "../../../../src/strategies/strategy.js";
import { Pool, type PoolOptions } from "../../../../src/strategies/threads/pool.js";
import { Slot } from "../../../../src/strategies/threads/slot.js";
import type { Control, StartOptions } from "../../../../src/strategies/threads/start-worker.js";
import * as threads from "../../../../src/strategies/threads/thread-control.js";

// Workers start late on a loaded machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export const START: StartOptions = {
  workers: { resourceLimits: undefined, createWorker: undefined },
  initializer: null,
  optimizations: ALL_OPTIMIZATIONS,
};

export const control: Control = {
  spawn: threads.spawnThread,
  flush: threads.flushThread,
  terminate: threads.terminateThread,
};

export function poolOf(options: Partial<PoolOptions> = {}, start: Partial<StartOptions> = {}): Pool {
  return new Pool({
    strategy: "threads",
    createSlot: (number, owner) => new Slot(number, { ...START, ...start }, control, owner),
    optimizations: START.optimizations,
    maxWorkers: 2,
    idleTimeout: 60_000,
    mostGarbage: 2 ** 20,
    onUnheld: () => {},
    ...options,
  });
}

export interface Prepared {
  readonly arena: Arena;
  readonly job: Job;
  readonly placed: SharedJob;
}

/** A job over `input`, which is on shared memory: one task per element. */
export function jobOver(
  input: Int32Array<SharedArrayBuffer>,
  kernel: (view: Int32Array) => unknown,
  timeout?: number,
): Prepared {
  const arena = new Arena(2 ** 24);
  const { block, region } = openBlock(arena, input.length, undefined);
  const { buffer, byteOffset, length } = input;
  const job = new Job({
    spec: {
      shape: "array",
      tasks: length,
      length,
      chunkSize: 1,
      inputs: { names: null, arrays: [0] },
      outputs: null,
      clearOutputs: false,
      args: null,
      shared: null,
    },
    kernel: resolveKernel(kernel as AnyKernel),
    arrays: [input],
    sizes: [input],
    block,
    packing: null,
    lease: new Lease(arena),
    streamBuffer: undefined,
    isTraced: false,
    timeout,
    runsOnce: false,
  });
  const place = { kind: kindOf(input), memory: arena.identify(buffer), buffer, byteOffset, length };
  return { arena, job, placed: { places: [place], block: { memory: region.id, buffer: region.buffer } } };
}

export function numbers(count: number): Int32Array<SharedArrayBuffer> {
  const list = new Int32Array(new SharedArrayBuffer(4 * count));
  for (let i = 0; i < count; i += 1) list[i] = i;
  return list;
}

export const resultsOf = (job: Job): unknown[] => job.parts.block.results.collect(job.received);
