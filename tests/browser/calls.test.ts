/** Every call gives the same bytes in a page, in a worker and through a coordinator as in Node. */
import { ParallelExecutor } from "sharray";
import { beforeAll, expect, test } from "vitest";
import { inChromium } from "./chromium.js";
import type { App, Results } from "./globals.js";
import { ISOLATED } from "./serve.js";

declare const app: App;

const scenarios = (await import(new URL("app/scenarios.js", import.meta.url).href)) as {
  readonly scenarios: Results;
  runAll(executor: ParallelExecutor): Promise<Results>;
};
const names = Object.keys(scenarios.scenarios);

inChromium("with isolation", ISOLATED, (chromium) => {
  let inNode: Results;

  beforeAll(async () => {
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    inNode = await scenarios.runAll(executor);
  });

  test("the scenarios come out in Node", () => {
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(String(inNode[name]), name).not.toContain("failed:");
    expect(inNode["list"]).toContain("Float64Array(1) 0000000000000000 0");
  });

  test.each([
    ["page", "threads"],
    ["page", "auto"],
    ["page", "sequential"],
    ["worker", "threads"],
    ["worker", "auto"],
    ["coordinator", "threads"],
    ["coordinator", "auto"],
  ] as const)("in a %s, strategy %s", async (place, strategy) => {
    // A task on the page's own thread ends by itself alone.
    const told = names.filter((name) => strategy !== "sequential" || !["aborts", "time-outs"].includes(name));
    const page = await chromium.open();
    const results = await page.evaluate(([place, options, names]) => app.places[place]!(options, names), [
      place,
      { strategy, maxWorkers: 2 },
      told,
    ] as const);
    await page.close();
    for (const name of told) expect(results[name], name).toEqual(inNode[name]);
  });
});
