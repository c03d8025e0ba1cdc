import { expect, it } from "vitest";
import { planPlacement } from "../../../src/memory/placement.js";
import { PlacementHistory } from "../../../src/memory/placement-history.js";

it("counts how often buffers were placed, by identity", () => {
  const history = new PlacementHistory();
  const often = new Float64Array(10);
  const once = new Int32Array(10);
  const never = new Uint8Array(10);
  expect(history.of(planPlacement([often]))).toEqual({ bytes: 0, times: 0 });
  history.note(planPlacement([often, once]));
  // Two views of one buffer are one buffer.
  history.note(planPlacement([often.subarray(0, 2), often.subarray(8)]));
  expect(history.of(planPlacement([often, once, never]))).toEqual({ bytes: 120, times: 2 });
  expect(history.of(planPlacement([never]))).toEqual({ bytes: 0, times: 0 });
});
