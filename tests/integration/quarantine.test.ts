/** A worker that goes on with an aborted job never writes into memory that somebody else has by then. */
import { ParallelExecutor } from "sharray";
import { expect, test } from "vitest";

// A size that the arena has a class for, so that every region of the test is as large as the others.
const BYTES = 7 * 16 * 1024;
// The straggler is ended a second after the abort. On a busy machine it may be before it could write.
const ATTEMPTS = 30;

const STARTED = 0;
const RELEASED = 1;
const WRITTEN = 2;
const READING = 3;

/** Spins, whatever happens to its call, and then writes to its outputs. */
const straggle = (_x: unknown, out: Uint8Array, { args }: { args: { flags: unknown } }): void => {
  const flags = args.flags as Int32Array;
  Atomics.store(flags, 0, 1);
  while (Atomics.load(flags, 1) === 0);
  out.fill(0xee);
  Atomics.store(flags, 2, 1);
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/**
 * @param kept what lives on, so that the garbage collector returns no memory meanwhile
 * @returns whether the straggler came to write
 */
async function attempt(executor: ParallelExecutor, kept: unknown[]): Promise<boolean> {
  const flags = executor.allocate(Int32Array, 4);
  const x = executor.share(new Uint8Array(BYTES));
  const level = executor.memory().bytesInUse;
  const controller = new AbortController();
  const call = executor.transformShared(x, Uint8Array, straggle, {
    args: { flags },
    chunkSize: BYTES,
    signal: controller.signal,
  });
  const aborted = expect(call).rejects.toBe("enough");
  await until(() => Atomics.load(flags, STARTED) === 1);
  controller.abort("enough");
  await aborted;
  const inQuarantine = executor.memory().bytesInUse - level;

  // Whoever takes memory of that size now must get other memory than the straggler's.
  const allocated = executor.allocate(Uint8Array, BYTES).fill(0x11);
  const shared = executor.share(new Uint8Array(BYTES).fill(0x22));
  const here = await executor.transformShared(x, Uint8Array, (_x, out) => void out.fill(0x33), {
    strategy: "sequential",
  });
  const there = await executor.transformShared(x, Uint8Array, (_x, out) => void out.fill(0x44));
  const placed = executor.mapShared(
    [new Uint8Array(BYTES).fill(0x55)],
    (array, { args }) => {
      // Reads once the late worker has written, if it does.
      const flags = args.flags as unknown as Int32Array;
      Atomics.store(flags, 3, 1);
      const deadline = performance.now() + 2000;
      while (Atomics.load(flags, 2) === 0 && performance.now() < deadline);
      return array.every((byte) => byte === 0x55);
    },
    { args: { flags } },
  );
  await until(() => Atomics.load(flags, READING) === 1);
  Atomics.store(flags, RELEASED, 1);
  expect(await placed).toEqual([true]);

  const others = { allocated, shared, here, there };
  kept.push(others, flags, x);
  const seen = Object.entries(others).map(([name, array]) => [name, [...new Set(array)]]);
  expect(Object.fromEntries(seen)).toEqual({
    allocated: [0x11],
    shared: [0x22],
    here: [0x33],
    there: [0x44],
  });
  // Its outputs, its results and its round.
  expect(inQuarantine).toBeGreaterThan(BYTES);
  await expect.poll(() => executor.memory().bytesInUse, { timeout: 10_000 }).toBe(level + 4 * BYTES);
  return Atomics.load(flags, WRITTEN) === 1;
}

test("memory of an aborted job is used for nothing else while a worker could write to it", {
  timeout: 120_000,
}, async () => {
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, idleTimeout: 600_000 });
  const kept: unknown[] = [];
  let written = 0;
  for (let i = 0; i < ATTEMPTS && written < 3; i++) if (await attempt(executor, kept)) written += 1;
  expect(written).toBe(3);
});
