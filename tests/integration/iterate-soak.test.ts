/** `iterateShared` for long: whichever task of whichever pass loses its worker, and however many do, the bits are the same. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { expect, test } from "vitest";

const ROW = 3;
const ROWS = 20;
const CHUNKS = 5;
const PASSES = 8;
const OPTIONS = { chunkSize: ROWS / CHUNKS, rowLength: ROW, halo: { before: 1, after: 2 } };

interface State {
  readonly height: ArrayLike<number>;
  readonly speed: ArrayLike<number>;
}

interface Next {
  readonly height: Float32Array;
  readonly speed: Float64Array;
}

/** Each element depends on three rows of both columns, and on the pass. */
function step(state: State, next: Next, before: number, pass: number): number {
  const row = 3;
  let most = 0;
  for (let i = 0; i < next.height.length; i += 1) {
    const at = i + before * row;
    const own = state.height[at] as number;
    const around = (state.height[at - row] ?? own) + (state.height[at + 2 * row] ?? own) - 2 * own;
    const speed = 0.9 * (state.speed[at] as number) + 0.1 * around + pass / 1000;
    next.speed[i] = speed;
    next.height[i] = own + speed;
    most = Math.max(most, Math.abs(speed));
  }
  return most;
}

const start = () => ({
  height: Float32Array.from({ length: ROWS * ROW }, (_, i) => (i * 37) % 11),
  speed: new Float64Array(ROWS * ROW),
});

function expected(passes: number): Next {
  let state: Next = start();
  for (let pass = 0; pass < passes; pass += 1) {
    const next = start();
    step(state, next, 0, pass);
    state = next;
  }
  return state;
}

const bits = ({ height, speed }: Next) =>
  [height, speed].map((array) => new Uint8Array(array.slice().buffer));

test("whichever task of whichever pass loses its worker, the result has the same bits", async () => {
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 3, maxRetries: 2 });
  const right = bits(expected(PASSES));
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
      // The task runs three times: twice it loses its worker, once before it writes and once in the middle.
      const runs = executor.allocate(Int32Array, PASSES * CHUNKS);
      const result = await executor.iterateShared(
        start(),
        (state, next, { pass, index, before, shared, args: [deadlyPass, deadlyChunk, chunks] }) => {
          const run = Atomics.add(shared.runs, pass * chunks + index, 1);
          const isDeadly = pass === deadlyPass && index === deadlyChunk;
          if (isDeadly && run === 0) process.exit(1);
          if (isDeadly && run === 1) {
            next.height.fill(7, 0, 2);
            process.exit(1);
          }
          step(state, next, before, pass);
        },
        {
          ...OPTIONS,
          passes: PASSES,
          args: [pass, chunk, CHUNKS] as const,
          writable: { runs },
          idempotent: true,
        },
      );
      expect(bits(result), `pass ${pass}, chunk ${chunk}`).toEqual(right);
      expect([...runs]).toEqual([...runs].map((_, i) => (i === pass * CHUNKS + chunk ? 3 : 1)));
    }
  }
}, 60_000);

test.each([1, 2, 3])(
  "workers that end at random moments change no bit and no count of passes (%i)",
  async (seed) => {
    let state = seed;
    const random = (below: number): number => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    const workers: Worker[] = [];
    const note = (worker: Worker): void => void workers.push(worker);
    process.on("worker", note);
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 3, maxRetries: 1000 });
    // Tasks so far, and whether workers have ended often enough.
    const counter = executor.allocate(Int32Array, 2);
    let told = 0;
    const call = executor.iterateShared(
      start(),
      (state, next, { pass, before, shared }) => {
        Atomics.add(shared.counter, 0, 1);
        step(state, next, before, pass % 8);
        return Atomics.load(shared.counter, 1) === 0 ? 1 : 0;
      },
      {
        ...OPTIONS,
        passes: 4e8,
        tolerance: 0.5,
        writable: { counter },
        idempotent: true,
        onProgress: ({ completed }) => {
          told = completed;
        },
      },
    );
    let killed = 0;
    for (let next = 1 + random(500); killed < 12; ) {
      await nextTurn();
      if (Atomics.load(counter, 0) < next || workers.length === 0) continue;
      next = Atomics.load(counter, 0) + 1 + random(1200);
      killed += 1;
      // Two at once now and then.
      for (let count = 1 + (random(4) === 0 ? 1 : 0); count > 0; count -= 1) {
        await workers.splice(random(Math.max(1, workers.length)), 1)[0]?.terminate();
      }
    }
    process.off("worker", note);
    Atomics.store(counter, 1, 1);
    const result = await call;
    let right: Next = start();
    // No two passes give the same, so the count is right if the bits are.
    for (let pass = 0; pass < told; pass += 1) {
      const next = start();
      step(right, next, 0, pass % 8);
      right = next;
    }
    expect(bits(result)).toEqual(bits(right));
  },
  60_000,
);
