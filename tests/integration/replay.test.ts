/** A task that failed runs again, alone, on the calling thread. */
import { KernelError, ParallelExecutor, TaskTimeoutError } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { runClient } from "./bridge.js";
import { program, runNode } from "./run.js";

const sequential = new ParallelExecutor({ strategy: "sequential" });
const threads = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
afterAll(() => Promise.all([sequential.shutdown(), threads.shutdown()]));

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error("the call has not failed");
    },
    (error: unknown) => error,
  );
}

/** Of the calls that a kernel got on this thread: only the very function that was passed can fill it. */
let seen: unknown[] = [];
const isHere = () => typeof (globalThis as { readonly here?: unknown }).here === "object";
Object.assign(globalThis, { here: { note: (...call: unknown[]) => seen.push(structuredClone(call)) } });

describe.each([
  ["sequential", sequential],
  ["threads", threads],
] as const)("on %s", (_, executor) => {
  test("the task gets its item, shared, args and place, and no other task runs", async () => {
    seen = [];
    const shared = { base: new Float64Array([1, 2]) };
    const error = await failureOf(
      executor.map(
        [{ x: 1 }, { x: 2 }, { x: 3 }],
        (item, shared, { index, args }) => {
          const { here } = globalThis as unknown as { here?: { note(...call: unknown[]): void } };
          here?.note(item, shared, index, args);
          if (item.x === 2) throw new RangeError("two");
          return item.x;
        },
        { shared, args: { rate: 5 } },
      ),
    );
    seen = [];
    await expect(executor.replay(error)).rejects.toThrow(new RangeError("two"));
    expect(seen).toEqual([[{ x: 2 }, shared, 1, { rate: 5 }]]);
  });

  test("the item is the one of the call, though the list has changed", async () => {
    const items = [1, 2, 3];
    const error = await failureOf(
      executor.map(items, (x) => {
        if (x === 2) throw new RangeError(`x is ${x}`);
        return x;
      }),
    );
    items.fill(0);
    await expect(executor.replay(error)).rejects.toThrow("x is 2");
  });

  test("the task gets its views and new outputs", async () => {
    const x = new Float64Array(100).map((_, i) => i);
    const y = executor.share(x);
    const kernel = (
      view: { readonly x: Float64Array; readonly y: Float64Array },
      out: Float64Array,
      context: { readonly start: number; readonly end: number },
    ) => {
      out.fill(1);
      if (context.start === 50)
        throw new RangeError(`${view.x[0]} ${view.y.length} ${out.length} ${context.end}`);
    };
    const error = await failureOf(
      executor.transformShared({ x, y }, Float64Array, kernel as never, { chunkSize: 25 }),
    );
    expect(error).toBeInstanceOf(KernelError);
    const { outputs } = (error as KernelError).partial as unknown as { outputs: Float64Array };
    outputs.fill(7);
    await expect(executor.replay(error)).rejects.toThrow("50 25 25 75");
    expect(outputs.every((each) => each === 7)).toBe(true);
  });

  test("what the kernel returns this time is the result", async () => {
    let broken = true;
    const kernel = (x: number): number => {
      if (broken) throw new Error("broken");
      return x * 10;
    };
    const error = await failureOf(executor.map([4], kernel));
    broken = false;
    expect(await executor.replay(error)).toBe(40);
  });

  test("async kernels are awaited", async () => {
    const error = await failureOf(
      executor.map([1], async (x) => {
        await null;
        throw new RangeError(`late ${x}`);
      }),
    );
    await expect(executor.replay(error)).rejects.toThrow("late 1");
  });

  test("a task whose time was up runs without a limit", async () => {
    const error = await failureOf(
      executor.map(
        [3],
        (x) => {
          const { here } = globalThis as { readonly here?: unknown };
          while (here === undefined || x > 2) {
            if (typeof here === "object" && (here as { stop?: boolean }).stop) return x;
          }
          return 0;
        },
        { timeout: 50 },
      ),
    );
    expect(error).toBeInstanceOf(TaskTimeoutError);
    expect(isHere()).toBe(true);
    Object.assign((globalThis as unknown as { here: object }).here, { stop: true });
    expect(await executor.replay(error)).toBe(3);
    Object.assign((globalThis as unknown as { here: object }).here, { stop: false });
  });
});

test.each([[new Error("other")], [undefined], [new KernelError(0, 0, 1, new Error("copied"))]])(
  "replay of %o is refused",
  async (error) => {
    await expect(sequential.replay(error)).rejects.toThrow(
      /^Cannot replay the error as it must be a KernelError/,
    );
  },
);

test("a client of another thread replays its own calls", async () => {
  expect(await runClient(threads, "replay")).toEqual({ item: 2, message: "again 2" });
});

test("a breakpoint in the kernel is hit", async () => {
  const { code, stdout, stderr } = await runNode([program("breakpoint.mjs")]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toEqual({ hits: 1, function: "kernel", message: "two" });
});

test.each([
  ["a breakpoint in a module kernel", "breakpoint", ["broken", true]],
  [
    "the error of an inline kernel, if the debugger pauses on exceptions,",
    "errors",
    ["exception", "RangeError: two"],
  ],
])("%s stops its worker", async (_, way, stop) => {
  const { code, stdout, stderr } = await runNode([program("worker-breakpoint.mjs"), way]);
  expect([code, stderr]).toEqual([0, ""]);
  const { paused, message } = JSON.parse(stdout) as { paused: unknown[]; message: string };
  expect(paused).toContainEqual(stop);
  expect(message).toBe("two");
});
