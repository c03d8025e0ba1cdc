/** A further strategy takes one folder, which is `dummy/` beside this file, and one line in the registry. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { ParallelConfig } from "../../../src/config/config.js";
import type { ParallelOptions } from "../../../src/config/options.js";
import { IsolationError } from "../../../src/errors.js";
import { ParallelExecutor } from "../../../src/executor/parallel-executor.js";
import type { Telemetry } from "../../../src/telemetry/events.js";
import { state } from "./dummy/index.js";

// The one line.
vi.mock("../../../src/strategies/registry.js", async (importOriginal) => {
  const { STRATEGIES } = await importOriginal<typeof import("../../../src/strategies/registry.js")>();
  const { dummy } = await import("./dummy/index.js");
  return { STRATEGIES: [...STRATEGIES, dummy] };
});

afterEach(() => {
  state.unavailable = undefined;
});

const DUMMY = { strategy: "dummy" } as unknown as ParallelOptions;
const x = Float64Array.from({ length: 100 }, (_, i) => i);

type Told = Record<string, readonly Record<string, unknown>[]>;

function setUp(options: ParallelOptions = {}) {
  const told: Record<string, Record<string, unknown>[]> = {};
  const telemetry = ((event: string, payload: unknown) => {
    told[event] ??= [];
    told[event].push(payload as Record<string, unknown>);
  }) as Telemetry;
  return { executor: new ParallelExecutor({ maxWorkers: 2, ...options, telemetry }), told: told as Told };
}

describe("a strategy with a line in the registry", () => {
  it("runs calls, with the results and errors of all others", async () => {
    const { executor } = setUp(DUMMY);
    const sums = await executor.mapShared(x, (v) => v.reduce((a, b) => a + b, 0), { chunkSize: 50 });
    expect(sums).toEqual([1225, 3725]);
    const { y } = await executor.transformShared({ x }, { y: Float32Array }, ({ x }, { y }) => {
      for (let i = 0; i < x.length; i++) y[i] = (x[i] as number) / 2;
    });
    expect(y[99]).toBe(49.5);
    await expect(
      executor.map([1, 2], (n) => {
        if (n === 2) throw new TypeError("two");
      }),
    ).rejects.toMatchObject({ code: "SHARRAY_KERNEL", index: 1 });
    await executor.shutdown();
  });

  it("is named by telemetry, and its predictions are told", async () => {
    const { executor, told } = setUp(DUMMY);
    await executor.map([1], (n) => n);
    expect(told["parallel_decision"]?.[0]).toMatchObject({
      decision: "dummy",
      reason: 'strategy "dummy" was asked for',
      predicted: { dummy: { total: 1e-6 }, sequential: {}, threads: {} },
    });
    expect(told["parallel_execution"]?.[0]).toMatchObject({ strategy: "dummy", predicted: { total: 1e-6 } });
    await executor.shutdown();
  });

  it("has a row in what explain() prints, and auto chooses it once it is known to be cheaper", async () => {
    const { executor } = setUp();
    const kernel = (v: { readonly length: number }): number => v.length;
    // A few calls do, unless a busy machine makes them differ.
    const plan = await vi.waitUntil(
      async () => {
        await executor.mapShared(x, kernel, DUMMY as object);
        const plan = executor.explain(x, kernel);
        return (plan.strategy as string) === "dummy" && plan;
      },
      { timeout: 20_000, interval: 1 },
    );
    expect(String(plan)).toMatch(/^dummy \* +0\.000 ms/m);
    expect(await executor.mapShared(x, kernel, { chunkSize: 100 })).toEqual([100]);
    await executor.shutdown();
  });

  it("is accepted by the configuration, by a call's options, and by all of its words in CE_PARALLEL", async () => {
    expect(new ParallelConfig(DUMMY).strategy).toBe("dummy");
    for (const text of ["dummy", "stand-in", "strategy=stand-in"]) {
      expect(ParallelConfig.fromEnv({}, { CE_PARALLEL: text }).strategy).toBe("dummy");
    }
    expect(() => new ParallelConfig({ strategy: "other" } as object)).toThrow(
      'one of "auto", "sequential", "threads", "processes", "dummy"',
    );
    const { executor } = setUp();
    await expect(executor.map([1], (n) => n, { strategy: "other" as "auto" })).rejects.toThrow('"dummy"');
    await executor.shutdown();
  });

  it("is refused if it is not available, and replaced if that was allowed", async () => {
    state.unavailable = "there is none here";
    const { executor } = setUp();
    await expect(executor.map([1], (n) => n, DUMMY as object)).rejects.toThrow(IsolationError);
    expect(executor.explain(x, (v) => v.length).strategy).not.toBe("dummy");
    await executor.shutdown();
    const lenient = setUp({ ...DUMMY, forceSerialOnFailure: true });
    expect(await lenient.executor.map([1], (n) => n)).toEqual([1]);
    expect(lenient.told["parallel_decision"]?.[0]).toMatchObject({
      decision: "sequential",
      reason: "there is none here",
    });
    await lenient.executor.shutdown();
  });
});
