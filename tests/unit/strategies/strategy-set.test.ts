import { expect, it, vi } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { ALL_OPTIMIZATIONS } from "../../../src/platform/optimizations.js";
import { STRATEGIES, type StrategyName } from "../../../src/strategies/registry.js";
import type { Workers } from "../../../src/strategies/strategy.js";
import { StrategySet } from "../../../src/strategies/strategy-set.js";

function fakeWorkers(isHeld: boolean) {
  return {
    size: 0,
    serving: 0,
    respawnWait: 0,
    start: () => Promise.resolve(),
    forget: vi.fn(() => isHeld),
    collect: vi.fn(() => Promise.resolve()),
    terminate: vi.fn(() => Promise.resolve()),
  } satisfies Workers;
}

const made = vi.hoisted((): { workers: unknown[] } => ({ workers: [] }));
vi.mock("../../../src/strategies/registry.js", async (importOriginal) => {
  const { STRATEGIES } = await importOriginal<typeof import("../../../src/strategies/registry.js")>();
  // Two strategies of the package, and one more that has workers, too.
  const all = [...STRATEGIES.slice(0, 2), { ...STRATEGIES[1], name: "other" }];
  const create = (name: string) => () => ({
    workers: name === "sequential" ? undefined : made.workers.shift(),
  });
  return { STRATEGIES: all.map((each) => ({ ...each, create: create(each.name) })) };
});

function setUp(...held: readonly boolean[]) {
  const workers = held.map(fakeWorkers);
  made.workers = [...workers];
  const set = new StrategySet({
    settings: {
      maxWorkers: 2,
      maxRetries: 1,
      maxSharedBytes: 100,
      idleTimeout: 100,
      resourceLimits: undefined,
      createWorker: undefined,
    },
    arena: new Arena(2 ** 20),
    optimizations: ALL_OPTIMIZATIONS,
    initializer: null,
  });
  return { set, workers };
}

it("a set has every strategy of the registry, with its descriptor", () => {
  const { set, workers } = setUp(false, false);
  expect(set.get("sequential")).toEqual({ descriptor: STRATEGIES[0], strategy: { workers: undefined } });
  expect(set.get("other" as StrategyName).strategy.workers).toBe(workers[1]);
});

it.each([
  [true, false],
  [false, true],
])("a set makes all workers forget memory, also if the first ones still hold it (%s, %s)", (...held) => {
  const { set, workers } = setUp(...held);
  expect(set.forget(5)).toBe(true);
  for (const { forget } of workers) expect(forget).toHaveBeenCalledExactlyOnceWith(5);
});

it("a set says so if no worker holds the memory", () => {
  expect(setUp(false, false).set.forget(5)).toBe(false);
});

it("a set makes all workers collect, and ends all", async () => {
  const { set, workers } = setUp(false, false);
  await set.collect();
  await set.terminate();
  for (const { collect, terminate } of workers) {
    expect(collect).toHaveBeenCalledTimes(1);
    expect(terminate).toHaveBeenCalledTimes(1);
  }
});
