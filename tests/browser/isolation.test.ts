/** A page without the two headers: what runs there, and what says why it does not. */
import { expect, test } from "vitest";
import { inChromium } from "./chromium.js";
import type { App } from "./globals.js";

declare const app: App;

const HEADERS = /Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp/;

inChromium("without isolation", {}, (chromium) => {
  test("calls run on the page's thread, and say which headers are missing", async () => {
    const page = await chromium.open();
    const told = await page.evaluate(async () => {
      const decisions: string[] = [];
      const executor = new app.ParallelExecutor({
        telemetry: (...[event, payload]) => {
          if (event === "parallel_decision") decisions.push(`${payload.decision}: ${payload.reason}`);
        },
      });
      const x = Float64Array.from({ length: 1000 }, (_, i) => i);
      const sums = await executor.mapShared([x, x.slice(1)], (x) => x.reduce((a, b) => a + b, 0));
      const doubled = await executor.transformShared(x, Float64Array, (x, out) => {
        for (let i = 0; i < x.length; i++) out[i] = 2 * x[i]!;
      });
      const plan = executor.explain([x], (x) => x.length);
      await executor.start();
      const memory = executor.memory();
      await executor.shutdown();
      return {
        isolated: crossOriginIsolated,
        sums,
        doubled: doubled.every((v, i) => v === 2 * i),
        decisions,
        plan: [plan.strategy, plan.reason, String(plan)],
        inUse: memory.bytesInUse,
      };
    });
    expect(told).toMatchObject({ isolated: false, sums: [499500, 499500], doubled: true, inUse: 0 });
    expect(told.decisions).toHaveLength(2);
    for (const decision of told.decisions) expect(decision).toMatch(/^sequential: /);
    for (const text of [...told.decisions, ...told.plan.slice(1)]) expect(text).toMatch(HEADERS);
    expect(told.plan[0]).toBe("sequential");
    expect(page.workers()).toEqual([]);
  });

  test("what needs shared memory is refused with the same text", async () => {
    const page = await chromium.open();
    const told = await page.evaluate(async () => {
      const executor = new app.ParallelExecutor({ strategy: "threads" });
      const lenient = new app.ParallelExecutor({ strategy: "threads", forceSerialOnFailure: true });
      const x = Float64Array.of(1, 2);
      const length = (x: { readonly length: number }) => x.length;
      const calls = {
        mapShared: () => executor.mapShared([x], length),
        "strategy of the call": () => lenient.mapShared([x], length, { strategy: "sequential" }),
        start: () => executor.start(),
        explain: async () => executor.explain([x], length).strategy,
        share: async () => executor.share(x),
        allocate: async () => executor.allocate(Float64Array, 10),
        forceSerialOnFailure: () => lenient.mapShared([x], length),
        connect: () => app.connectExecutor(app.startCoordinator({})),
      };
      const outcomes: Record<string, unknown> = {};
      for (const [name, call] of Object.entries(calls)) {
        try {
          outcomes[name] = await call();
        } catch (error) {
          outcomes[name] = error instanceof app.IsolationError ? error.message : `another: ${error}`;
        }
      }
      return outcomes;
    });
    const { forceSerialOnFailure, "strategy of the call": ofTheCall, ...refused } = told;
    expect(forceSerialOnFailure).toEqual([2]);
    expect(ofTheCall).toEqual([2]);
    expect(Object.keys(refused)).toHaveLength(6);
    for (const text of Object.values(refused)) {
      expect(text).toMatch(/^Cannot /);
      expect(text).toMatch(HEADERS);
    }
  });
});
