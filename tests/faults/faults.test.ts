/** A short run of the fault injector, always with the same seeds. The long one is `npm run soak`. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rerunLine, runSequence, type SettingsName } from "./child.js";
import { CALL_FAULTS, TASK_FAULTS, WORKER_FAULTS } from "./faults.js";
import { Tally } from "./tally.js";

const SEEDS: [SettingsName, number][] = [
  ["usual", 3298],
  ["usual", 3774],
  ["usual", 1264],
  ["usual", 1758],
  ["processes", 45],
  ["processes", 313],
  ["processes", 986],
  ["processes", 2944],
  ["processes", 2704],
];
const tally = new Tally();
const planned = new Set<string>();

beforeAll(() => {
  execFileSync("npm", ["run", "--silent", "build:faults"]);
});

describe.concurrent("calls under faults end in the plain result or in an error that the faults justify", () => {
  test.each(SEEDS)("%s, seed %i", async (settings, seed) => {
    const report = await runSequence(new URL("dist/sequence.js", import.meta.url), seed, settings);
    expect(report.violations, rerunLine(seed, settings)).toEqual([]);
    tally.addAll(report.counts);
    for (const kind of report.planned) planned.add(kind);
  });
});

afterAll(() => {
  // Seeds that draw nothing show nothing.
  const kinds = [TASK_FAULTS, CALL_FAULTS, WORKER_FAULTS].flatMap((table) => Object.keys(table));
  expect([...planned].sort()).toEqual(kinds.sort());
  expect(tally.total("faults")).toBeGreaterThan(20);
});
