import { describe, expect, it } from "vitest";
import { CONTROL_BYTES, ControlBlock } from "../../../src/protocol/control-block.js";
import type { JobSpec } from "../../../src/protocol/job-spec.js";
import { ResultTable } from "../../../src/protocol/result-table.js";
import { PassProgress } from "../../../src/strategies/pass-progress.js";

const CHUNKS = 4;

function setUp(passes: number) {
  const slots = new Float64Array(CHUNKS);
  const results = new ResultTable(slots, new Uint8Array(CHUNKS));
  const progress = new PassProgress({ tasks: CHUNKS, passes } as JobSpec, results);
  const begin = (before: ControlBlock | undefined): ControlBlock => {
    const control = new ControlBlock(new Int32Array(CONTROL_BYTES / 4));
    control.reset(CHUNKS * passes);
    progress.begin(control, before);
    return control;
  };
  return { slots, progress, begin };
}

describe("the passes that progress tells", () => {
  it("are those of the round that ran, also while the next one is prepared after a loss", () => {
    const { slots, progress, begin } = setUp(100);
    expect(progress.endedIn(undefined)).toBe(0);
    const first = begin(undefined);
    first.endClaim(30 * CHUNKS + 1);
    slots.set([31, 30, 30, 30]);
    expect(progress.endedIn(first)).toBe(30);
    expect([...progress.left(CHUNKS, 0)]).toEqual([1, 2, 3]);
    // Its worker is still being started.
    expect(progress.endedIn(first)).toBe(30);
    const second = begin(first);
    expect(progress.endedIn(second)).toBe(30);
    second.endClaim(3);
    expect(progress.endedIn(second)).toBe(31);
    expect(progress.whole).toBe(30);
  });
});
