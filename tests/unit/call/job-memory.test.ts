import { describe, expect, it } from "vitest";
import { type Conditions, JobMemory } from "../../../src/call/job-memory.js";
import { readPayloadCall } from "../../../src/call/read-request.js";
import { unlessStopped } from "../../../src/call/unless-stopped.js";
import { KernelError, MemoryLimitError, PayloadMutatedError } from "../../../src/errors.js";
import type { AnyKernel } from "../../../src/kernel/types.js";
import { Arena } from "../../../src/memory/arena.js";
import { leaseOver } from "../../../src/memory/lease.js";
import type { MaybePromise } from "../../../src/platform/maybe-promise.js";
import { STRATEGIES } from "../../../src/strategies/registry.js";
import type { JobInputs, Leg, RunReport, Strategy, StrategyHost } from "../../../src/strategies/strategy.js";
import type { OwnStrategy } from "../../../src/strategies/strategy-set.js";
import { callSettings } from "./settings.js";

const [sequential, threads] = STRATEGIES;
const LEG: Leg = { workers: 1, expected: undefined, overseer: undefined };
const here: OwnStrategy = { descriptor: sequential, strategy: sequential.create({} as StrategyHost) };

/** A strategy with workers that does nothing but look at what it is given. */
function elsewhere(look: (inputs: JobInputs) => void): OwnStrategy {
  const run: Strategy["run"] = (_job, _leg, inputs) => {
    look(inputs);
    return { left: 0 } as RunReport;
  };
  return { descriptor: threads, strategy: { workers: undefined, run } };
}

/** Runs the job of a pass on a strategy, as a `StrategyRunner` does. */
function run(memory: JobMemory, { descriptor, strategy }: OwnStrategy, leg: Leg): MaybePromise<RunReport> {
  const prepared = memory.prepare(descriptor);
  const begin = () => strategy.run(memory.job, leg, memory);
  return unlessStopped(memory.job, prepared === undefined ? begin() : prepared.then(begin));
}

interface Given extends Partial<Conditions> {
  readonly kernel?: AnyKernel;
  readonly outputs?: unknown;
  readonly limit?: number;
  readonly verifyImmutable?: boolean;
}

const KERNEL = (v: Float64Array): number => v.length;

function setUp(x: Float64Array, given: Given = {}) {
  const { kernel = KERNEL, outputs = null, limit = 2 ** 22, verifyImmutable = false, ...more } = given;
  const arena = new Arena(limit);
  const call = outputs === null ? "mapShared" : "transformShared";
  const settings = callSettings({ chunkSize: 10, verifyImmutable });
  const request = readPayloadCall(call, x, kernel, outputs, {}, settings);
  const lease = leaseOver(arena, request.table);
  const conditions = { placesArrays: false, streamBuffer: undefined, isTraced: false, timeout: undefined };
  const make = (): JobMemory => new JobMemory(request, arena, lease, { ...conditions, ...more });
  return { arena, lease, make };
}

const plain = (): Float64Array => Float64Array.from({ length: 30 }, (_, i) => i);
const shared = (): Float64Array => {
  const x = new Float64Array(new SharedArrayBuffer(240));
  x.set(plain());
  return x;
};

describe("the memory of a pass", () => {
  it("holds its results, and returns when the pass is closed", async () => {
    const { arena, make } = setUp(shared());
    const memory = make();
    expect(arena.usage().bytesInUse).toBeGreaterThan(0);
    await run(memory, here, LEG);
    expect(memory.collect()).toEqual({ values: [10, 10, 10], outputs: [] });
    memory.close();
    expect(arena.usage().bytesInUse).toBe(0);
  });

  it("gives the user its outputs, which stay when it is closed", async () => {
    const kernel = (v: Float64Array, out: Float32Array): void => {
      for (let i = 0; i < v.length; i++) out[i] = 2 * (v[i] as number);
    };
    const { arena, make } = setUp(shared(), { kernel, outputs: Float32Array });
    const memory = make();
    await run(memory, here, LEG);
    const [output] = memory.collect().outputs;
    memory.close();
    expect(output).toEqual(Float32Array.from(plain(), (each) => 2 * each));
    expect(arena.usage().bytesInUse).toBeGreaterThan(0);
  });

  it("is not taken half: without room for the whole nothing is", () => {
    // Outputs of 240 bytes and a job block; each takes a region of at least 4 KB.
    const { arena, make } = setUp(shared(), { outputs: Float64Array, limit: 5000 });
    expect(make).toThrow(MemoryLimitError);
    expect(arena.usage().bytesInUse).toBe(0);
  });

  it("counts what will be placed, if the strategy places arrays", () => {
    const big = new Float64Array(10_000);
    expect(() => setUp(big, { limit: 50_000 }).make()).not.toThrow();
    expect(() => setUp(big, { limit: 50_000, placesArrays: true }).make()).toThrow(MemoryLimitError);
  });
});

describe("plain arrays", () => {
  it("are placed for a strategy that wants them in shared memory, and only once", async () => {
    const x = plain();
    const memory = setUp(x, { placesArrays: true }).make();
    let seen: Float64Array | undefined;
    await run(
      memory,
      elsewhere((inputs) => {
        const { buffer, byteOffset, length } = inputs.places().places[0]!;
        seen = new Float64Array(buffer, byteOffset, length);
      }),
      LEG,
    );
    expect(seen).toEqual(x);
    expect(seen?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memory.bytesPlaced).toBe(240);
    expect(memory.placing?.end).toBeGreaterThanOrEqual(memory.placing?.start as number);
  });

  it("stay where they are on the calling thread, which looks whether they are still there", async () => {
    const x = plain();
    const memory = setUp(x).make();
    await run(memory, here, LEG);
    expect(memory.bytesPlaced).toBe(0);
    expect(memory.assertThere).not.toThrow();
    structuredClone(x.buffer, { transfer: [x.buffer as ArrayBuffer] });
    expect(memory.assertThere).toThrow(TypeError);
    // Shared memory can't go.
    expect(setUp(shared()).make().assertThere).toBeUndefined();
  });

  it("are read once the caller's present code has ended", async () => {
    const x = plain();
    const memory = setUp(x, { kernel: (v: Float64Array) => v[0] }).make();
    const running = run(memory, here, LEG);
    x[0] = 77;
    await running;
    expect(memory.collect().values[0]).toBe(77);
  });
});

describe("a pass that does not end well", () => {
  it("fails with the first failed task, and tells what had ended", async () => {
    const kernel = (_: unknown, { index }: { index: number }): number => {
      if (index > 0) throw new RangeError(`${index}`);
      return index;
    };
    const memory = setUp(shared(), { kernel }).make();
    await run(memory, here, LEG);
    expect(() => memory.collect()).toThrow(KernelError);
    const { values, unfinished } = memory.partial();
    expect([...values]).toEqual([[0, 0]]);
    expect(unfinished.map(({ index }) => index)).toEqual([1, 2]);
  });

  it("rejects at once when it is stopped, and keeps its memory until the strategy has let go", async () => {
    let letGo = (_: RunReport): void => {};
    const ran = new Promise<RunReport>((resolve) => {
      letGo = resolve;
    });
    const strategy = { descriptor: sequential, strategy: { workers: undefined, run: () => ran } };
    const { arena, make } = setUp(shared());
    const memory = make();
    const running = run(memory, strategy, LEG);
    memory.job.stop("enough");
    await expect(running).rejects.toBe("enough");
    memory.close();
    expect(arena.usage().bytesInUse).toBeGreaterThan(0);
    letGo({} as RunReport);
    await ran;
    await undefined;
    expect(arena.usage().bytesInUse).toBe(0);
  });

  it("says which input its kernel has changed, if that is checked", async () => {
    const kernel = (v: Float64Array): void => {
      v[3] = -1;
    };
    const memory = setUp(shared(), { kernel, verifyImmutable: true }).make();
    await run(memory, here, LEG);
    await expect(memory.verify()).rejects.toThrow(PayloadMutatedError);
    const innocent = setUp(shared(), { verifyImmutable: true }).make();
    await run(innocent, here, LEG);
    await innocent.verify();
  });
});
