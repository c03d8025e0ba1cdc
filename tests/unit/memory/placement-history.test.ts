import { expect, it } from "vitest";
import { PlacementHistory } from "../../../src/memory/placement-history.js";
import { planOf } from "../arbitraries.js";

it("the history counts how often buffers were placed, by identity", () => {
  const history = new PlacementHistory();
  const often = new Float64Array(10);
  const once = new Int32Array(10);
  const never = new Uint8Array(10);
  expect(history.of(planOf([often]))).toEqual({ bytes: 0, times: 0 });
  history.note(planOf([often, once]));
  // Two views of one buffer are one buffer.
  history.note(planOf([often.subarray(0, 2), often.subarray(8)]));
  expect(history.of(planOf([often, once, never]))).toEqual({ bytes: 120, times: 2 });
  expect(history.of(planOf([never]))).toEqual({ bytes: 0, times: 0 });
});
