/** Kernels in a production build: module kernels, and what a Content-Security-Policy allows. */
import { expect, test } from "vitest";
import { inChromium } from "./chromium.js";
import type { App } from "./globals.js";
import { ISOLATED } from "./serve.js";

declare const app: App;

inChromium("module kernels", ISOLATED, (chromium) => {
  test("run in the page's own pool and in that of a coordinator", async () => {
    const page = await chromium.open();
    const results = await page.evaluate(async () => {
      const { ParallelExecutor, connectExecutor, createWorker, startCoordinator, rms, slowSum } = app;
      const arrays = [Float64Array.of(3, 4), Float64Array.of(-1, 2)];
      const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, createWorker });
      const coordinator = startCoordinator({ strategy: "threads", maxWorkers: 2 });
      const remote = await connectExecutor(coordinator);
      const tell = async (executor: Pick<typeof own, "mapShared">) => ({
        values: await executor.mapShared(arrays, rms),
        error: await executor
          .mapShared(arrays, slowSum)
          .catch((error) => [error.name, error.index, `${error.cause}`]),
      });
      const told = [await tell(own), await tell(remote)];
      await own.shutdown();
      coordinator.terminate();
      return told;
    });
    const expected = {
      values: [5 / Math.sqrt(2), Math.sqrt(5) / Math.sqrt(2)],
      error: ["KernelError", 1, "RangeError: negative"],
    };
    expect(results).toEqual([expected, expected]);
  });

  test("that the pool's workers do not have fail with the reason", async () => {
    const page = await chromium.open();
    const message = await page.evaluate(async () => {
      const { ParallelExecutor, rms } = app;
      const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
      const message = await executor
        .mapShared([Float64Array.of(3, 4)], rms)
        .catch((error) => `${error.cause}`);
      await executor.shutdown();
      return message;
    });
    expect(message).toMatch(/Cannot load kernel "rms" .*createWorker/s);
  });
});

const policy = { "Content-Security-Policy": "default-src 'self'; script-src 'self'" };

inChromium("a policy without unsafe-eval", { ...ISOLATED, ...policy }, (chromium) => {
  test("lets module kernels run, on threads and in sequence, and those that throw", async () => {
    const page = await chromium.open();
    const results = await page.evaluate(async () => {
      const { ParallelExecutor, createWorker, rms, slowSum } = app;
      await new Promise((resolve) => setTimeout(resolve));
      const tell = async (strategy: "threads" | "sequential") => {
        const executor = new ParallelExecutor({ strategy, maxWorkers: 1, createWorker });
        const values = await executor.mapShared([Float64Array.of(3, 4)], rms);
        const failing = executor.mapShared([Float64Array.of(-1)], slowSum);
        const error = await failing.catch((error) => [error.name, error.index, `${error.cause}`]);
        // The worker that the error came from is the one that goes on.
        await executor.mapShared([Float64Array.of(3, 4)], rms);
        await executor.shutdown();
        return { values, error, retries: executor.metrics.snapshot().retries };
      };
      return [await tell("threads"), await tell("sequential")];
    });
    const expected = {
      values: [5 / Math.sqrt(2)],
      error: ["KernelError", 0, "RangeError: negative"],
      retries: 0,
    };
    expect(results).toEqual([expected, expected]);
  });

  test.each(["threads", "auto", "sequential"] as const)(
    "refuses inline kernels before anything is dispatched, strategy %s",
    async (strategy) => {
      const page = await chromium.open();
      const result = await page.evaluate(async (strategy) => {
        // What a debugger starts may compile text, until it waits for the first time.
        await new Promise((resolve) => setTimeout(resolve));
        const { ParallelExecutor, EvalForbiddenError } = app;
        const executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
        const calling = executor.mapShared([Float64Array.of(3, 4)], (x) => x.length);
        const error = await calling.catch((error) => error);
        const { submitted } = executor.metrics.snapshot();
        return { isOne: error instanceof EvalForbiddenError, message: error.message, submitted };
      }, strategy);
      expect(result).toMatchObject({ isOne: true, submitted: 0 });
      expect(result.message).toMatch(/'unsafe-eval'/);
      expect(result.message).toMatch(/defineKernel\(\)/);
      expect(page.workers()).toEqual([]);
    },
  );
});
