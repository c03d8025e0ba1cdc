/** `iterateShared`: what becomes of its passes when workers die, tasks fail, calls are aborted or run beside each other. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import {
  KernelError,
  ParallelExecutor,
  type PartialResults,
  type Progress,
  TaskTimeoutError,
  WorkerLostError,
} from "sharray";
import { describe, expect, test } from "vitest";

const THREADS = { strategy: "threads", maxWorkers: 2 } as const;
const CHUNKS = 6;
const LENGTH = 60;
const PASSES = 9;

const start = (): Float64Array => Float64Array.from({ length: LENGTH }, (_, i) => (i * 37) % 11);

/** A step that depends on the neighbours, so that a pass that reads anything but the whole of the last one shows. */
function smooth(state: ArrayLike<number>, next: Float64Array, before: number): number {
  let residual = 0;
  for (let i = 0; i < next.length; i += 1) {
    const at = i + before;
    const own = state[at] as number;
    const value = ((state[at - 1] ?? own) + 2 * own + (state[at + 1] ?? own)) / 4;
    residual = Math.max(residual, Math.abs(value - own));
    next[i] = value;
  }
  return residual;
}

function smoothed(passes: number): Float64Array {
  let state = start();
  for (let pass = 0; pass < passes; pass += 1) {
    const next = new Float64Array(LENGTH);
    smooth(state, next, 0);
    state = next;
  }
  return state;
}

const bits = (array: Float64Array): Uint8Array => new Uint8Array(array.slice().buffer);

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (error: unknown) => error,
  );
}

/** Workers from now on, as Node tells of them. */
function watchWorkers(): { readonly workers: Worker[]; stop(): void } {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on("worker", note);
  return { workers, stop: () => process.off("worker", note) };
}

describe("a worker that is lost in a pass", () => {
  const places = [0, 1, 4, PASSES - 1].flatMap((pass) => [0, 3, CHUNKS - 1].map((chunk) => [pass, chunk]));

  test.each(places)(
    "repeats what is left of pass %i from chunk %i on, and the result is the same",
    async (pass, chunk) => {
      await using executor = new ParallelExecutor(THREADS);
      const runs = executor.allocate(Int32Array, PASSES * CHUNKS);
      const result = await executor.iterateShared(
        start(),
        (state, next, { pass, index, before, args }) => {
          const count = args.runs as unknown as Int32Array;
          const ran = Atomics.add(count, pass * args.chunks + index, 1);
          const half = next.subarray(0, 3);
          smooth(state, half, before);
          if (pass === args.pass && index === args.chunk && ran === 0) process.exit(1);
          return smooth(state, next, before);
        },
        { passes: PASSES, chunkSize: LENGTH / CHUNKS, halo: 1, args: { runs, pass, chunk, chunks: CHUNKS } },
      );
      expect(bits(result)).toEqual(bits(smoothed(PASSES)));
      const others = [...runs].filter((_, i) => i !== pass * CHUNKS + chunk);
      expect(runs[pass * CHUNKS + chunk]).toBe(2);
      // Results of tasks that have ended are kept: nothing but the task that was interrupted runs again.
      expect(new Set(others)).toEqual(new Set([1]));
    },
  );

  test("stops by its tolerance at the same pass as without the loss", async () => {
    await using executor = new ParallelExecutor(THREADS);
    const dies = executor.allocate(Int32Array, 1);
    const call = async (isDeadly: boolean): Promise<readonly [passes: number, state: Float64Array]> => {
      let passes = 0;
      const state = await executor.iterateShared(
        start(),
        (state, next, { pass, index, before, args }) => {
          const residual = smooth(state, next, before);
          const isLast = pass === args.at && index === 5;
          if (isLast && Atomics.add(args.dies as unknown as Int32Array, 0, -1) > 0) process.exit(1);
          return residual;
        },
        {
          passes: 1000,
          tolerance: 0.05,
          chunkSize: 10,
          halo: 1,
          args: { dies, at: isDeadly ? 12 : -1 },
          onProgress: ({ completed }) => {
            passes = completed;
          },
        },
      );
      return [passes, state];
    };
    const [expected, state] = await call(false);
    expect(expected).toBeGreaterThan(13);
    dies[0] = 1;
    const [passes, again] = await call(true);
    // The task has run twice.
    expect(dies[0]).toBe(-1);
    expect(passes).toBe(expected);
    expect(bits(again)).toEqual(bits(state));
  });

  test("may be ended from outside, at any moment, again and again", async () => {
    const { workers, stop } = watchWorkers();
    await using executor = new ParallelExecutor({ ...THREADS, maxWorkers: 3, maxRetries: 100 });
    const passes = 4000;
    const counter = executor.allocate(Int32Array, 1);
    let running = true;
    const call = executor.iterateShared(
      start(),
      (state, next, { before, args }) => {
        Atomics.add(args.counter as unknown as Int32Array, 0, 1);
        smooth(state, next, before);
      },
      { passes, chunkSize: 10, halo: 1, args: { counter } },
    );
    void call.finally(() => {
      running = false;
    });
    // Each of the first twelve workers is ended once the call has come a bit further than at the last one's end.
    let killed = 0;
    for (let next = 50; running && killed < 12; ) {
      await nextTurn();
      if (Atomics.load(counter, 0) < next || workers.length === 0) continue;
      next = Atomics.load(counter, 0) + 700;
      killed += 1;
      await workers.shift()?.terminate();
    }
    stop();
    expect(killed).toBeGreaterThan(3);
    expect(bits(await call)).toEqual(bits(smoothed(passes)));
  });

  test("fails the call if the same task ends it every time, and leaves the state of the passes before", async () => {
    await using executor = new ParallelExecutor({ ...THREADS, maxRetries: 1 });
    const error = (await failureOf(
      executor.iterateShared(
        { u: start() },
        ({ u }, next, { pass, index, before }) => {
          if (pass === 5 && index === 2) process.exit(9);
          smooth(u, next.u, before);
        },
        { passes: PASSES, chunkSize: 10, halo: 1 },
      ),
    )) as WorkerLostError;
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error).toMatchObject({ index: 2, start: 20, end: 30, pass: 5, exitCode: 9 });
    expect(error.message).toMatch(/^Task 2 of pass 5 \(elements 20 to 30\) ended its worker/);
    const { passes, outputs, values } = error.partial as PartialResults;
    expect([passes, values.size]).toEqual([5, 0]);
    expect(bits((outputs as { u: Float64Array }).u)).toEqual(bits(smoothed(5)));
    // A call from there ends what this one has begun.
    const rest = await executor.iterateShared(
      outputs as { u: Float64Array<SharedArrayBuffer> },
      ({ u }, next, { before }) => smooth(u, next.u, before),
      { passes: PASSES - 5, chunkSize: 10, halo: 1 },
    );
    expect(bits(rest.u)).toEqual(bits(smoothed(PASSES)));
  });

  test("is not repeated over arrays of the caller's, unless the call says that it may be", async () => {
    await using executor = new ParallelExecutor(THREADS);
    const call = (idempotent: boolean) => {
      const log = executor.allocate(Int32Array, CHUNKS);
      const call = executor.iterateShared(
        start(),
        (state, next, { pass, index, before, shared }) => {
          const isFirst = Atomics.add(shared.log, index, 1) === 3;
          smooth(state, next, before);
          if (pass === 3 && index === 1 && isFirst) process.exit(1);
        },
        { passes: PASSES, chunkSize: 10, halo: 1, writable: { log }, idempotent },
      );
      return call;
    };
    const error = (await failureOf(call(false))) as WorkerLostError;
    expect(error).toMatchObject({ index: 1, pass: 3 });
    expect(error.message).toContain('"idempotent"');
    expect(bits(await call(true))).toEqual(bits(smoothed(PASSES)));
  });
});

describe.each(["sequential", "threads", "auto"] as const)("on strategy %s", (strategy) => {
  test("a task that throws fails the call: the first one of its pass, with the state of the passes before", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const error = (await failureOf(
      executor.iterateShared(
        { u: start() },
        ({ u }, next, { pass, index, before }) => {
          smooth(u, next.u, before);
          if (pass === 4 && index >= 3) throw new RangeError(`no ${index}`);
        },
        { passes: PASSES, chunkSize: 10, halo: 1 },
      ),
    )) as KernelError;
    expect(error).toBeInstanceOf(KernelError);
    expect(error).toMatchObject({ index: 3, start: 30, end: 40, pass: 4 });
    expect(error.message).toBe("Task 3 of pass 4 (elements 30 to 40) failed: RangeError: no 3");
    const { passes, outputs, unfinished } = error.partial as PartialResults;
    expect(passes).toBe(4);
    expect(bits((outputs as { u: Float64Array }).u)).toEqual(bits(smoothed(4)));
    expect(unfinished[0]).toEqual({ index: 3, start: 30, end: 40 });
    await expect(executor.replay(error)).rejects.toThrow("no 3");
    expect(bits((outputs as { u: Float64Array }).u)).toEqual(bits(smoothed(4)));
  });

  test("a task that throws in the first pass leaves no state", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const input = start();
    const error = (await failureOf(
      executor.iterateShared(
        input,
        (_state, _next, { index }) => {
          if (index > 0) throw new Error("at once");
        },
        { passes: PASSES, chunkSize: 10 },
      ),
    )) as KernelError;
    expect(error).toMatchObject({ index: 1, pass: 0 });
    expect(error.partial).toMatchObject({ passes: 0, outputs: undefined });
    await expect(executor.replay(error)).rejects.toThrow("at once");
    expect(input).toEqual(start());
  });

  test("a kernel that returns no number can't be compared with a tolerance", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const call = executor.iterateShared(start(), () => undefined, { passes: 2, tolerance: 1, chunkSize: 10 });
    await expect(call).rejects.toThrow(
      'Cannot compare what the kernel returned with "tolerance" as it must be a number: current value is undefined',
    );
  });

  test("a kernel that returns an array of its own has lost it", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const call = executor.iterateShared(start(), (state) => state.slice(), { passes: 2 });
    await expect(call).rejects.toThrow("Cannot keep what the kernel returned");
  });

  test("a task whose time is up fails the call", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const error = (await failureOf(
      executor.iterateShared(
        start(),
        (state, next, { pass, index, before, aborted }) => {
          smooth(state, next, before);
          while (pass === 2 && index === 1 && !aborted());
        },
        { passes: PASSES, chunkSize: 10, halo: 1, timeout: 50 },
      ),
    )) as TaskTimeoutError;
    expect(error).toBeInstanceOf(TaskTimeoutError);
    expect(error).toMatchObject({ index: 1, pass: 2 });
    expect(error.message).toMatch(/^Task 1 of pass 2 \(elements 10 to 20\) was ended/);
    expect(bits(error.partial?.outputs as Float64Array)).toEqual(bits(smoothed(2)));
  });

  test("progress counts passes", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const told: Progress[] = [];
    await executor.iterateShared(start(), (state, next, { before }) => smooth(state, next, before), {
      passes: 77,
      chunkSize: 10,
      halo: 1,
      onProgress: (progress) => void told.push(progress),
    });
    expect(told.at(-1)).toMatchObject({ completed: 77, total: 77 });
    for (const { completed, total } of told) expect(completed <= total && total === 77).toBe(true);
  });

  test("an abort ends it within one pass", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const passes = 1_000_000;
    const latest = executor.allocate(Int32Array, 1);
    const controller = new AbortController();
    const call = executor.iterateShared(
      start(),
      (state, next, { pass, before, args }) => {
        Atomics.store(args.latest as unknown as Int32Array, 0, pass);
        smooth(state, next, before);
      },
      { passes, chunkSize: 10, halo: 1, args: { latest }, signal: controller.signal },
    );
    while (Atomics.load(latest, 0) < 20) await nextTurn();
    controller.abort(new Error("enough"));
    const atAbort = Atomics.load(latest, 0);
    await expect(call).rejects.toThrow("enough");
    // By now all workers have left it.
    await executor.map([1, 2, 3, 4], (x) => x);
    expect(Atomics.load(latest, 0) - atAbort).toBeLessThanOrEqual(1);
  });

  test("memory of the state that is not returned is used again", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
    const state = executor.share(new Float64Array(100_000));
    const once = (passes: number) =>
      executor.iterateShared(state, (state, next) => void next.set(state), { passes });
    for (const passes of [0, 1, 2, 3]) {
      const before = executor.memory().bytesInUse;
      const result = await once(passes);
      // It returns when the last worker has left the call.
      while (executor.memory().bytesInUse - before > 1.5 * state.byteLength) await nextTurn();
      executor.release(result);
    }
  });
});

describe("on threads", () => {
  test("all passes run without a turn of the calling thread", async () => {
    await using executor = new ParallelExecutor(THREADS);
    const kernel = (
      state: ArrayLike<number>,
      next: Float64Array,
      { before, args }: { before: number; args: { readonly counter: ArrayLike<number> } },
    ): void => {
      Atomics.add(args.counter as unknown as Int32Array, 0, 1);
      smooth(state, next, before);
    };
    const counter = executor.allocate(Int32Array, 1);
    const options = { chunkSize: 10, halo: 1, args: { counter } };
    await executor.iterateShared(start(), kernel, { ...options, passes: 10 });
    counter[0] = 0;
    const passes = 2000;
    const call = executor.iterateShared(executor.share(start()), kernel, { ...options, passes });
    // The workers have the round once one of them is at it.
    while (Atomics.load(counter, 0) === 0) await nextTurn();
    const until = performance.now() + 30_000;
    while (Atomics.load(counter, 0) < passes * CHUNKS && performance.now() < until);
    expect(counter[0]).toBe(passes * CHUNKS);
    expect(bits(await call)).toEqual(bits(smoothed(passes)));
  });

  test("calls beside each other on the same workers both end", async () => {
    await using executor = new ParallelExecutor(THREADS);
    const kernel = (state: ArrayLike<number>, next: Float64Array, { before }: { before: number }): void =>
      void smooth(state, next, before);
    const calls = [300, 301, 302].map((passes) =>
      executor.iterateShared(start(), kernel, { passes, chunkSize: 10, halo: 1 }),
    );
    const beside = executor.map([1, 2, 3], (x) => x + 1);
    for (const [i, call] of calls.entries()) expect(bits(await call)).toEqual(bits(smoothed(300 + i)));
    expect(await beside).toEqual([2, 3, 4]);
  });

  test("more workers than cores or chunks change nothing", async () => {
    await using executor = new ParallelExecutor({ ...THREADS, maxWorkers: 9 });
    for (const chunkSize of [1, 7, 10, 60]) {
      const result = await executor.iterateShared(
        start(),
        (state, next, { before }) => void smooth(state, next, before),
        { passes: 200, chunkSize, halo: 1 },
      );
      expect(bits(result)).toEqual(bits(smoothed(200)));
    }
  });
});
