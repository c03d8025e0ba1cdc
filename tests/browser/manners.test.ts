/** What a page feels of the engine: no long tasks, and nothing left when it is gone. */
import { expect, test } from "vitest";
import { inChromium } from "./chromium.js";
import type { App } from "./globals.js";
import { ISOLATED } from "./serve.js";

declare const app: App;

inChromium("a polite guest", ISOLATED, (chromium) => {
  // The browser's own probe (`PerformanceObserver`, "longtask") tells of each task of the page's thread that took more
  // than 50 ms. A machine that is busy with something else makes tasks longer, never shorter, so one try of several without
  // any shows that the engine needs none.
  test.each(["page", "coordinator"] as const)(
    "a job over 200 MB makes no long task in a page, by an executor of the %s",
    async (place) => {
      const page = await chromium.open();
      const { probe, total, long } = await page.evaluate(async (place) => {
        const options = { strategy: "threads", maxWorkers: 2 } as const;
        const coordinator = place === "page" ? undefined : app.startCoordinator(options);
        const executor = coordinator
          ? await app.connectExecutor(coordinator)
          : new app.ParallelExecutor(options);
        const x = new Float64Array(25_000_000);
        for (let start = 0; start < x.length; start += 500_000) {
          x.fill(start, start, start + 500_000);
          await new Promise((resolve) => setTimeout(resolve));
        }
        const longTasksOf = async (work: () => unknown) => {
          const long: number[] = [];
          const observer = new PerformanceObserver((list) => {
            for (const { duration } of list.getEntries()) long.push(duration);
          });
          observer.observe({ type: "longtask" });
          await work();
          // A task is told of after its end, when the page has nothing else to do.
          await new Promise((resolve) => requestIdleCallback(resolve));
          await new Promise((resolve) => setTimeout(resolve, 100));
          observer.disconnect();
          return long;
        };
        const probe = await longTasksOf(async () => {
          await new Promise((resolve) => setTimeout(resolve));
          for (const end = performance.now() + 60; performance.now() < end; );
        });
        let total = 0;
        const job = async () => {
          const doubled = await executor.transformShared(x, Float64Array, (x, out) => {
            for (let i = 0; i < x.length; i++) out[i] = 2 * x[i]!;
          });
          const add = (a: number, b: number) => a + b;
          total = await executor.reduceShared(doubled, (x) => x.reduce((a, b) => a + b, 0), add);
        };
        let long = await longTasksOf(job);
        for (let more = 0; more < 3 && long.length > 0; more += 1) long = await longTasksOf(job);
        coordinator?.terminate();
        return { probe: probe.length, total, long };
      }, place);
      // 50 blocks of half a million elements, the doubles of 0, 500,000, 1,000,000 and so on.
      expect(total).toBe(500_000 * 2 * 500_000 * ((49 * 50) / 2));
      // The probe tells of the task that was long on purpose.
      expect(probe).toBeGreaterThanOrEqual(1);
      expect(long).toEqual([]);
      await page.close();
    },
  );

  test("a page that is left in the middle of a call leaves no workers", async () => {
    const page = await chromium.open();
    const url = page.url();
    const session = await chromium.browser.newBrowserCDPSession();
    const workers = async (): Promise<number> => {
      const { targetInfos } = await session.send("Target.getTargets");
      return targetInfos.filter(({ type }) => type === "worker").length;
    };
    for (let visit = 0; visit < 20; visit += 1) {
      await page.waitForFunction("globalThis.app !== undefined");
      // In a loop that nothing but the browser ends, which takes it two seconds, or waiting for ever.
      const kind = visit === 0 || visit === 19 ? "loops" : "waits";
      await page.evaluate(async (kind) => {
        const options = { strategy: "threads", maxWorkers: 1 } as const;
        const own = new app.ParallelExecutor(options);
        const remote = await app.connectExecutor(app.startCoordinator(options));
        for (const executor of [own, remote]) {
          const begun = executor.share(new Int32Array(1));
          executor
            .map(
              [1],
              (_, __, { args }) => {
                Atomics.add(args.begun as Int32Array, 0, 1);
                while (args.kind === "loops");
                return new Promise(() => {});
              },
              { args: { begun, kind } },
            )
            .catch(() => {});
          while (Atomics.load(begun, 0) === 0) await new Promise((resolve) => setTimeout(resolve));
        }
      }, kind);
      // One of the page's pool, the coordinator, and one of its pool.
      if (visit === 0) expect(await workers()).toBe(3);
      await page.goto(visit % 2 === 0 ? "about:blank" : url);
      if (visit % 2 === 0) await page.goBack();
    }
    await page.goto("about:blank");
    await expect.poll(workers, { timeout: 20_000 }).toBe(0);
    await page.goto(url);
    const locks = await page.evaluate(() => navigator.locks.query());
    expect([...(locks.held ?? []), ...(locks.pending ?? [])]).toEqual([]);
  });
});
