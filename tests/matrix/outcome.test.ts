import { expect, test } from "vitest";
import { outcomeOf, tableOf } from "./outcome.js";

const report = { numPassedTests: 990, numFailedTests: 0, numPendingTests: 2 };
const good = { version: "v22.0.0", passed: 990, failed: 0, skipped: 2, seconds: 150.4 };

test("a run is good if Vitest says so and tests have passed", () => {
  expect(outcomeOf("v22.0.0", 0, report, 150.4)).toEqual(good);
  expect(outcomeOf("v22.0.0", 1, { ...report, numFailedTests: 3 }, 150.4)).toEqual({ ...good, failed: 3 });
});

test("what fails without a failing test counts as one", () => {
  expect(outcomeOf("v22.0.0", 1, report, 150.4)).toEqual({ ...good, failed: 1 });
  expect(outcomeOf("v22.0.0", null, report, 150.4)).toEqual({ ...good, failed: 1 });
  const nothing = { ...good, passed: 0, failed: 1 };
  expect(outcomeOf("v22.0.0", 0, { ...report, numPassedTests: 0 }, 150.4)).toEqual(nothing);
  expect(outcomeOf("v22.0.0", 1, undefined, 150.4)).toEqual({ ...nothing, skipped: 0 });
});

test("the table has a line per version, in columns", () => {
  const broken = { version: "v26.10.0", passed: 0, failed: 1, skipped: 0, seconds: 1 };
  expect(tableOf([good, broken]).split("\n")).toEqual([
    " version  passed  failed  skipped  seconds",
    " v22.0.0     990       0        2      150",
    "v26.10.0       0       1        0        1",
  ]);
});
