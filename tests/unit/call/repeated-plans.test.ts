import { beforeEach, describe, expect, it } from "vitest";
import { readItemsCall } from "../../../src/call/read-request.js";
import { RepeatedPlans, type Situation } from "../../../src/call/repeated-plans.js";
import type { Request } from "../../../src/call/request.js";
import type { GivenOptions } from "../../../src/call/types.js";
import type { Plan } from "../../../src/strategies/registry.js";
import { callSettings } from "./settings.js";

const SITUATION: Situation = { hereBecause: undefined, keepsRegions: true, afterPause: false, serving: 2 };
const kernel = (item: number) => item + 1;

function request(items: unknown[] = [1, 2], options: GivenOptions = {}, fn = kernel): Request {
  return readItemsCall(items, fn, options, callSettings());
}

/** Of a call that takes `total` milliseconds, after `runsAlike` calls like it. */
function plan(total = 0.01, runsAlike = 400): Plan {
  const estimate = { spawn: 0, place: 0, dispatch: total, compute: 0, results: 0, total };
  return { strategy: "threads", kernel: { runsAlike }, predicted: { threads: estimate } } as unknown as Plan;
}

let plans: RepeatedPlans;

beforeEach(() => {
  plans = new RepeatedPlans();
});

describe("the plan of a short call", () => {
  it("serves a call that is the same, 16 times at most", () => {
    const kept = plan();
    plans.keep(request(), kept, SITUATION);
    for (let i = 0; i < 16; i += 1) expect(plans.find(request([i, 7]), SITUATION)).toBe(kept);
    expect(plans.find(request(), SITUATION)).toBeUndefined();
  });

  it.each([
    [3, 0],
    [4, 1],
    [9, 2],
    [1000, 16],
  ])("serves for a quarter of the calls before it: of %i, %i times", (runsAlike, uses) => {
    plans.keep(request(), plan(0.01, runsAlike), SITUATION);
    let served = 0;
    while (plans.find(request(), SITUATION) !== undefined) served += 1;
    expect(served).toBe(uses);
  });

  it.each<[string, Request, Partial<Situation>]>([
    ["more items", request([1, 2, 3]), {}],
    ["other arguments", request([1, 2], { args: 1 }), {}],
    ["another kernel", request([1, 2], {}, (item: number) => item - 1), {}],
    ["another strategy", request([1, 2], { strategy: "sequential" }), {}],
    ["a hint", request([1, 2], { taskSizeHintBytes: 100 }), {}],
    ["a plain array to place", request([1, 2], { shared: { x: new Float64Array(1000) } }), {}],
    ["a shared array", request([1, 2], { shared: { x: new Float64Array(new SharedArrayBuffer(8)) } }), {}],
    [
      "an array that it writes",
      request([1, 2], { writable: { x: new Float64Array(new SharedArrayBuffer(8)) } }),
      {},
    ],
    ["a pause before it", request(), { afterPause: true }],
    ["fewer workers", request(), { serving: 1 }],
    ["a reason to stay here", request(), { hereBecause: "disabled" }],
  ])("does not serve one with %s", (_, other, changed) => {
    plans.keep(request(), plan(), SITUATION);
    expect(plans.find(other, { ...SITUATION, ...changed })).toBeUndefined();
    expect(plans.find(request(), SITUATION)).toBeDefined();
  });

  it.each([
    [0.021, true],
    [0.0049, true],
    [0.019, false],
    [0.0051, false],
  ])("serves no longer once a call took twice or half of it: %d ms", (total, contradicts) => {
    const kept = plan(0.01);
    plans.keep(request(), kept, SITUATION);
    plans.check(request().profileKey, kept, total);
    expect(plans.find(request(), SITUATION) === undefined).toBe(contradicts);
  });

  it("is not kept if the call is long, or places arrays", () => {
    plans.keep(request(), plan(0.6), SITUATION);
    expect(plans.find(request(), SITUATION)).toBeUndefined();
    const placing = request([1, 2], { shared: { x: new Float64Array(1000) } });
    plans.keep(placing, plan(), SITUATION);
    expect(plans.find(placing, SITUATION)).toBeUndefined();
  });
});
