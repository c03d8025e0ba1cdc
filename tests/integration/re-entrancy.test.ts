/** What listeners, getters and kernels of the program do to the very executor that is about to call them. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ExecutorClosedError, ParallelExecutor, type ParallelOptions } from "sharray";
import { describe, expect, test } from "vitest";

const ITEMS = [1, 2, 3, 4];
const DOUBLED = [2, 4, 6, 8];
const REASON = new Error("enough");

type Act = (executor: ParallelExecutor) => unknown;

/** Where the program's own code runs within a call: each makes the call, in which `act` is called once. */
const PLACES: Readonly<Record<string, (options: ParallelOptions, act: Act) => Made>> = {
  "telemetry, when it is planned": (options, act) => onTelemetry(options, act, "parallel_decision"),
  "telemetry, when it has ended": (options, act) => onTelemetry(options, act, "parallel_execution"),
  "a channel, when it is planned": (options, act) => onChannel(options, act, "sharray:parallel_decision"),
  "a channel, when it has ended": (options, act) => onChannel(options, act, "sharray:parallel_execution"),
  "a channel, for its trace": (options, act) => onChannel(options, act, "sharray:call_trace"),
  "onProgress, at its end": (options, act) => {
    const executor = new ParallelExecutor(options);
    const once = onceOnly(act);
    const onProgress = ({ completed }: { completed: number }): unknown =>
      completed === ITEMS.length ? once(executor) : undefined;
    return { executor, call: executor.map(ITEMS, (x) => 2 * x, { onProgress }) };
  },
  "a getter in its args": (options, act) => {
    const executor = new ParallelExecutor(options);
    const once = onceOnly(act);
    const args = {
      get factor() {
        once(executor);
        return 2;
      },
    };
    return { executor, call: executor.map(ITEMS, (x, _, context) => context.args.factor * x, { args }) };
  },
};

interface Made {
  readonly executor: ParallelExecutor;
  readonly call: Promise<number[]>;
}

function onceOnly(act: Act): Act {
  let isDone = false;
  return (executor) => {
    if (isDone) return undefined;
    isDone = true;
    return act(executor);
  };
}

function onTelemetry(options: ParallelOptions, act: Act, wanted: string): Made {
  const once = onceOnly(act);
  const executor: ParallelExecutor = new ParallelExecutor({
    ...options,
    telemetry: (event, _payload) => (event === wanted ? once(executor) : undefined),
  });
  return { executor, call: executor.map(ITEMS, (x) => 2 * x) };
}

function onChannel(options: ParallelOptions, act: Act, name: string): Made {
  const executor = new ParallelExecutor(options);
  const once = onceOnly(act);
  const listener = (): void => void once(executor);
  subscribe(name, listener);
  const call = executor.map(ITEMS, (x) => 2 * x);
  void call.catch(() => {}).then(() => unsubscribe(name, listener));
  return { executor, call };
}

/** A slow machine tells of the last task before the call is over; then it is stopped. */
function endingsOf(place: string, isStopped: boolean): unknown[] {
  if (place.startsWith("onProgress")) return [DOUBLED, REASON];
  return [isStopped ? REASON : DOUBLED];
}

const isTold = (place: string): boolean => place.includes("planned");

describe.each(["sequential", "auto", "threads"] as const)("strategy %s", (strategy) => {
  const options = { strategy, maxWorkers: 2 };

  describe.each(Object.keys(PLACES))("in %s", (place) => {
    const make = PLACES[place] as (typeof PLACES)[string];

    test("shutdown() lets the call go on or says that the executor is closed", async () => {
      let down: Promise<void> | undefined;
      const { executor, call } = make(options, (its) => {
        down = its.shutdown();
      });
      const outcome = await call.catch((error: unknown) => error);
      if (place === "a getter in its args") expect(outcome).toBeInstanceOf(ExecutorClosedError);
      else expect(outcome).toEqual(DOUBLED);
      expect(down).toBeInstanceOf(Promise);
      await down;
      await expect(executor.map([1], (x) => x)).rejects.toThrow(ExecutorClosedError);
    });

    test("cancel() aborts a call that has begun", async () => {
      const { executor, call } = make(options, (its) => its.cancel(REASON));
      const outcome = await call.catch((error: unknown) => error);
      expect(endingsOf(place, isTold(place))).toContainEqual(outcome);
      expect(await executor.map(ITEMS, (x) => 3 * x)).toEqual([3, 6, 9, 12]);
      await executor.shutdown();
    });

    test("a further call is a call of its own", async () => {
      let inner: Promise<number[]> | undefined;
      const { executor, call } = make(options, (its) => {
        inner = its.map(ITEMS, (x, _, { args }) => args.factor * x, { args: { factor: 5 } });
      });
      expect(await call).toEqual(DOUBLED);
      expect(await inner).toEqual([5, 10, 15, 20]);
      await executor.shutdown();
    });
  });

  test.each([
    ["telemetry, when it is planned", DOUBLED],
    ["telemetry, when it has ended", DOUBLED],
    ["onProgress, at its end", REASON],
    ["a getter in its args", REASON],
  ])("an exception in %s concerns at most the call", async (place, expected) => {
    const make = PLACES[place] as (typeof PLACES)[string];
    const { executor, call } = make(options, () => {
      throw REASON;
    });
    expect(await call.catch((error: unknown) => error)).toEqual(expected);
    expect(await executor.map(ITEMS, (x) => 3 * x)).toEqual([3, 6, 9, 12]);
    await executor.shutdown();
  });

  test.each([
    ["telemetry, when it is planned"],
    ["telemetry, when it has ended"],
    ["onProgress, at its end"],
  ])("a rejected promise of %s is nobody's unhandled rejection", async (place) => {
    const make = PLACES[place] as (typeof PLACES)[string];
    const { executor, call } = make(options, async () => {
      throw REASON;
    });
    expect(endingsOf(place, false)).toContainEqual(await call.catch((error: unknown) => error));
    // Vitest fails the run if one is left unhandled.
    await new Promise((resolve) => setImmediate(resolve));
    await executor.shutdown();
  });
});

describe("a kernel on this thread", () => {
  // Kernels can't use the variables around them.
  const place = globalThis as { executor?: ParallelExecutor; down?: Promise<void> };

  test("may cancel its own call", async () => {
    const executor = new ParallelExecutor({ strategy: "sequential" });
    place.executor = executor;
    const call = executor.map(ITEMS, (x) => {
      (globalThis as { executor?: { cancel(reason: string): void } }).executor?.cancel("own");
      return x;
    });
    expect(await call.catch((reason: unknown) => reason)).toBe("own");
    expect(await executor.map(ITEMS, (x) => 3 * x)).toEqual([3, 6, 9, 12]);
    await executor.shutdown();
  });

  test("may shut its executor down, which waits for the call", async () => {
    const executor = new ParallelExecutor({ strategy: "sequential" });
    place.executor = executor;
    const call = executor.map(ITEMS, (x) => {
      const its = globalThis as { executor?: { shutdown(): Promise<void> }; down?: Promise<void> };
      its.down ??= its.executor?.shutdown() as Promise<void>;
      return 2 * x;
    });
    expect(await call).toEqual(DOUBLED);
    await place.down;
    await expect(executor.map([1], (x) => x)).rejects.toThrow(ExecutorClosedError);
  });
});

describe("a fallback is told of calls that fall back, and of none that is over", () => {
  test.each(["aborted", "ended"])("workers that start for a call that was %s", async (end) => {
    const events: string[] = [];
    const executor = new ParallelExecutor({
      maxWorkers: 2,
      telemetry: (event, _payload) => void events.push(event),
    });
    const controller = new AbortController();
    const items = Array.from({ length: end === "ended" ? 60 : 100_000 }, (_, i) => i);
    const call = executor.map(
      items,
      (x) => {
        const until = performance.now() + 1;
        while (performance.now() < until);
        return x;
      },
      { signal: controller.signal },
    );
    const outcome = call.then(
      () => "ended",
      () => "aborted",
    );
    // Its slices are watched, and workers are started for it before they can serve.
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (end === "aborted") controller.abort();
    expect(await outcome).toBe(end);
    await executor.shutdown();
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).not.toContain("parallel_fallback");
    expect(executor.metrics.snapshot().fallbacks).toBe(0);
  });
});
