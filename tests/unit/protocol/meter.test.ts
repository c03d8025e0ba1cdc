import { expect, it } from "vitest";
import { LOG_WORDS, LOGGED, logClaim, METER_WORDS } from "../../../src/protocol/meter.js";

it("a log has its claims in order, and its last entry grows once it is full", () => {
  const meter = new Float64Array(METER_WORDS);
  const log = new Float64Array(2 * LOG_WORDS);
  logClaim(log, meter, 1, 2, 0, 10);
  logClaim(log, meter, 3, 4, 10, 20);
  expect([...log]).toEqual([1, 2, 0, 10, 3, 4, 10, 20]);
  logClaim(log, meter, 5, 6, 40, 7);
  expect([...log]).toEqual([1, 2, 0, 10, 3, 6, 10, 27]);
  expect(meter[LOGGED]).toBe(2);
});
