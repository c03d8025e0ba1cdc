import { describe, expect, it } from "vitest";
import { CONTROL_BYTES, ControlBlock } from "../../../src/protocol/control-block.js";
import { ResultTable } from "../../../src/protocol/result-table.js";
import { SingleJobs } from "../../../src/strategies/single-jobs.js";

/** Four jobs in a round, with what has come by message. */
function setUp() {
  const results = new ResultTable(new Float64Array(4), new Uint8Array(4));
  const control = new ControlBlock(new Int32Array(CONTROL_BYTES / 4));
  control.reset(4);
  const received = new Set<number>();
  const jobs = new SingleJobs(results, (index) => received.has(index));
  return { jobs, results, control, received };
}

/** Runs the next job, as a worker does. */
function runNext(control: ControlBlock, end: (position: number) => void): void {
  const position = control.claim(1);
  end(position);
  control.endClaim(1);
}

describe("single jobs that share a round", () => {
  it("have ended once their claim has, and their value is here", () => {
    const { jobs, results, control, received } = setUp();
    jobs.begin(control);
    expect(jobs.haveBegun).toBe(false);
    runNext(control, (at) => results.write(at, 7));
    runNext(control, (at) => results.markElsewhere(at));
    expect(jobs.haveBegun).toBe(true);
    expect([0, 1, 2].map((index) => jobs.hasEnded(index))).toEqual([true, false, false]);
    received.add(1);
    expect(jobs.hasEnded(1)).toBe(true);
    expect([0, 1, 2].map((index) => jobs.hasClaimed(index))).toEqual([true, true, false]);
  });

  it("start no more once they are recalled, and those that run go on", () => {
    const { jobs, control } = setUp();
    jobs.begin(control);
    control.claim(1);
    jobs.recall();
    expect(control.claim(1)).toBe(-1);
    expect(jobs.isRecalled).toBe(true);
    expect([0, 1].map((index) => jobs.mayRun(index))).toEqual([false, false]);
  });

  it("may be recalled before their round, except for one that a lost worker was at", () => {
    const { jobs, control } = setUp();
    jobs.interrupted = 2;
    jobs.follow(Uint32Array.of(2, 3));
    jobs.recall();
    jobs.begin(control);
    expect([2, 3].map((index) => jobs.mayRun(index))).toEqual([true, false]);
    expect(control.claim(1)).toBe(0);
    expect(control.claim(1)).toBe(-1);
  });

  it("that nobody wants do not run again, even if a lost worker was at them", () => {
    const { jobs, control } = setUp();
    jobs.begin(control);
    jobs.interrupted = 1;
    jobs.deny(1);
    expect(jobs.mayRun(1)).toBe(false);
    expect(control.claim(1)).toBe(-1);
  });
});
