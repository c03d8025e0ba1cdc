/** Workers that end in a browser, which tells nobody: tasks run again, and errors say what happened. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { inChromium } from "./chromium.js";
import type { App } from "./globals.js";
import { ISOLATED } from "./serve.js";

declare const app: App;
declare const self: { close(): void; readonly name: string };

inChromium("lost workers", ISOLATED, (chromium) => {
  test("kernels run in workers, not in the page", async () => {
    const page = await chromium.open();
    const scopes = await page.evaluate(async () => {
      const executor = new app.ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
      const scopes = await executor.map([1, 2, 3], () => globalThis.constructor.name);
      await executor.shutdown();
      return scopes;
    });
    expect(scopes).toEqual(Array(3).fill("DedicatedWorkerGlobalScope"));
    // A worker that was ended is gone: `shutdown` has waited for it.
    await expect.poll(() => page.workers().length).toBe(0);
    expect(await locksOf(page)).toEqual([]);
  });

  test.each([
    ["closes itself", () => self.close()],
    [
      "throws where nobody catches it",
      () => {
        setTimeout(() => {
          throw new RangeError("loose");
        });
      },
    ],
    ["leaves a rejection to nobody", () => void Promise.reject(new TypeError("unheard"))],
  ])("a kernel that %s once costs its tasks another run", async (_, strike) => {
    const page = await chromium.open();
    const told = await page.evaluate(async (source) => {
      const executor = new app.ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
      const struck = executor.share(new Int32Array(1));
      const results = await executor.map(
        [...Array(20).keys()],
        async (item, _, { args }) => {
          if (item === 7 && Atomics.compareExchange(args.struck as Int32Array, 0, 0, 1) === 0) {
            new Function(`(${args.source})()`)();
            // Until the worker has ended.
            await new Promise(() => {});
          }
          return item * item;
        },
        { args: { struck, source } },
      );
      const { retries, failures } = executor.metrics.snapshot();
      const next = await executor.map([1, 2], (x) => x);
      await executor.shutdown();
      return { results, retries, failures, next };
    }, String(strike));
    const squares = [...Array(20).keys()].map((i) => i * i);
    expect(told).toEqual({ results: squares, retries: 1, failures: 0, next: [1, 2] });
    expect(await locksOf(page)).toEqual([]);
  });

  test("a task that ends its worker each time fails, with what ended it", async () => {
    const page = await chromium.open();
    const told = await page.evaluate(async () => {
      const executor = new app.ParallelExecutor({ strategy: "threads", maxWorkers: 1, maxRetries: 1 });
      const tell = (call: Promise<unknown>) =>
        call.catch((error) => ({
          isLost: error instanceof app.WorkerLostError,
          index: error.index,
          exitCode: error.exitCode,
          cause: error.cause && [error.cause.name, error.cause.message],
        }));
      const closing = await tell(
        executor.map([0, 1], (item) => {
          if (item === 1) self.close();
          return item === 1 ? new Promise(() => {}) : item;
        }),
      );
      const throwing = await tell(
        executor.map([0, 1], (item) => {
          if (item === 1) setTimeout(() => Promise.reject(new RangeError("loose")));
          return item === 1 ? new Promise(() => {}) : item;
        }),
      );
      const next = await executor.map([3], (x) => x);
      await executor.shutdown();
      return { closing, throwing, next };
    });
    expect(told).toEqual({
      closing: { isLost: true, index: 1, exitCode: 0, cause: undefined },
      throwing: { isLost: true, index: 1, exitCode: 1, cause: ["RangeError", "loose"] },
      next: [3],
    });
  });

  test("a worker that other code ends in the middle of a loop costs its task another run", async () => {
    const page = await chromium.open();
    const results = await page.evaluate(async () => {
      const workers: Worker[] = [];
      const createWorker = (): Worker => {
        const worker = app.createWorker();
        workers.push(worker);
        return worker;
      };
      const executor = new app.ParallelExecutor({ strategy: "threads", maxWorkers: 1, createWorker });
      const runs = executor.share(new Int32Array(1));
      const calling = executor.map(
        [0, 1],
        (item, _, { args }) => {
          // The first run of the second item never ends.
          if (item === 1 && Atomics.add(args.runs as Int32Array, 0, 1) === 0) for (;;);
          return item;
        },
        { args: { runs } },
      );
      while (Atomics.load(runs, 0) === 0) await new Promise((resolve) => setTimeout(resolve));
      // No event tells of it, and Chromium lets the loop go on for up to two seconds.
      workers[0]?.terminate();
      const results = await calling;
      await executor.shutdown();
      return { results, workers: workers.length };
    });
    expect(results).toEqual({ results: [0, 1], workers: 2 });
  });

  test("auto goes on in the page if the worker's script is missing, and threads reject", async () => {
    const page = await chromium.open();
    const told = await page.evaluate(async () => {
      const createWorker = () => new Worker("/no-such-worker.js", { type: "module" });
      const x = Float64Array.of(1, 2);
      const auto = new app.ParallelExecutor({ createWorker, maxWorkers: 1 });
      const explicit = new app.ParallelExecutor({ createWorker, strategy: "threads", maxWorkers: 1 });
      const length = (x: { readonly length: number }) => x.length;
      const error = await explicit.mapShared([x], length).catch((error) => error);
      return {
        values: await auto.mapShared([x], length),
        fallbacks: auto.metrics.snapshot().fallbacks,
        isLost: error instanceof app.WorkerLostError,
        message: error.message,
        start: await explicit.start().catch((error) => `${error.cause}`),
      };
    });
    expect(told).toMatchObject({ values: [2], fallbacks: 1, isLost: true });
    expect(told.message).toMatch(/^Cannot start a worker: .*script does not load/);
    expect(told.start).toMatch(/script does not load/);
  });
});

function locksOf(page: Page): Promise<unknown> {
  return page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return [...held, ...pending].map(({ name }) => name);
  });
}
