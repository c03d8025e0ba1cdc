import { expect, it } from "vitest";
import { isReport } from "../../../src/protocol/messages.js";

const report = {
  round: 1,
  values: [[0, "a"]],
  failures: [[1, { type: "value" }]],
  left: false,
  broken: null,
};

it("messages of a worker are known", () => {
  expect(isReport(report)).toBe(true);
  expect(isReport({ ...report, round: -5, values: [], failures: [], left: true })).toBe(true);
  expect(isReport({ round: null, broken: null })).toBe(true);
});

it.each([
  undefined,
  null,
  "garbage is no message of a worker",
  7,
  [],
  {},
  { round: 1 },
  { ...report, round: "1" },
  { ...report, values: 5 },
  { ...report, values: [5] },
  { ...report, values: [["0", "a"]].concat([["x", "a"]]) },
  { ...report, failures: [null] },
  { ...report, left: 1 },
  { ...report, broken: "why" },
  { round: null },
])("takes %j for none", (message) => {
  expect(isReport(message)).toBe(false);
});
