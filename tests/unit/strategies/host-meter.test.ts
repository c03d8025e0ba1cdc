import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defaultHostProfile, type HostProfile } from "../../../src/plan/host-profile.js";

vi.mock("../../../src/platform/builtins.js", () => import("../late-builtins.js"));

type Module = typeof import("../../../src/strategies/host-meter.js");

let HostMeter: Module["HostMeter"];
let observe: Module["observe"];

// What was measured is the process's, so each test gets a process of its own, as far as this module goes.
beforeEach(async () => {
  vi.resetModules();
  ({ HostMeter, observe } = await import("../../../src/strategies/host-meter.js"));
});

afterEach(() => {
  vi.restoreAllMocks();
});

const MEASURED_ONCE = ["placePerByteFresh", "placePerByteRecycled", "clonePerByte", "perClaim"] as const;

/** Each pair of clock readings lies one step apart: a measurement that takes no part in the weather. */
function tickTheClock(step: number): void {
  let now = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += step;
    return now;
  });
}

async function measureAll(meter: InstanceType<Module["HostMeter"]>): Promise<void> {
  meter.measureOnce();
  // The last of the steps.
  await vi.waitUntil(() => meter.profile.perClaim !== defaultHostProfile.perClaim);
}

describe("the profile", () => {
  it("is the default at first, except for what the process may use", () => {
    const { parallelism, ...costs } = new HostMeter({}).profile;
    const { parallelism: _supposed, ...supposed } = defaultHostProfile;
    expect(costs).toEqual(supposed);
    expect(Number.isInteger(parallelism) && parallelism >= 1).toBe(true);
  });

  it("shows what was measured, under what the configuration says", () => {
    const free = new HostMeter({});
    const given = new HostMeter({ spawn: 7, parallelism: 64 });
    observe("spawn", 30);
    observe("dispatchHot", 0.06);
    expect(free.profile.spawn).toBeLessThan(defaultHostProfile.spawn);
    expect(given.profile).toMatchObject({ spawn: 7, parallelism: 64 });
    expect(given.profile.dispatchHot).toBe(free.profile.dispatchHot);
    expect(free.profile.dispatchHot).toBeLessThan(defaultHostProfile.dispatchHot);
  });

  it("is one object for each meter, which never changes the default", () => {
    const meter = new HostMeter({});
    const { profile } = meter;
    observe("spawn", 30);
    expect(meter.profile).toBe(profile);
    expect(profile.spawn).not.toBe(defaultHostProfile.spawn);
    expect(new HostMeter({ spawn: 7 }).profile.spawn).toBe(7);
    expect(profile.spawn).toBe(new HostMeter({}).profile.spawn);
  });
});

describe("an observation", () => {
  const spawnAfter = (...values: number[]): number => {
    for (const value of values) observe("spawn", value);
    return new HostMeter({}).profile.spawn;
  };

  it("that is shorter counts for two thirds", () => {
    // 55 - (55 - 25) * 2 / 3
    expect(spawnAfter(25)).toBeCloseTo(35, 9);
  });

  it("that is longer counts for a fifth", () => {
    // 55 + (105 - 55) / 5
    expect(spawnAfter(105)).toBeCloseTo(65, 9);
  });

  it("counts as at most three times what was known", () => {
    // 55 + (165 - 55) / 5
    expect(spawnAfter(1e9)).toBeCloseTo(77, 9);
  });

  it("wins when it is made again and again, from either side", () => {
    expect(spawnAfter(...new Array<number>(100).fill(1000))).toBeCloseTo(1000, 3);
    expect(spawnAfter(...new Array<number>(100).fill(2))).toBeCloseTo(2, 9);
  });

  it("is believed if next to nothing was paid so far", () => {
    expect(spawnAfter(...new Array<number>(100).fill(0))).toBeLessThan(1e-9);
    expect(spawnAfter(...new Array<number>(100).fill(7))).toBeCloseTo(7, 6);
  });

  it("leaves the other costs alone", () => {
    observe("placePerByteFresh", 1);
    const { placePerByteFresh, parallelism, ...others } = new HostMeter({}).profile;
    expect(placePerByteFresh).toBeGreaterThan(defaultHostProfile.placePerByteFresh);
    expect(defaultHostProfile).toMatchObject(others);
    expect(parallelism).toBeGreaterThan(0);
  });
});

describe("measuring", () => {
  it("sets what copies and claims cost, in the background", async () => {
    const meter = new HostMeter({});
    tickTheClock(0.5);
    const untouched = meter.profile;
    meter.measureOnce();
    // Nothing on the caller's turn.
    expect(meter.profile).toBe(untouched);
    await measureAll(meter);
    const mebibyte = 2 ** 20;
    const expected: Partial<HostProfile> = {
      placePerByteFresh: 0.5 / mebibyte,
      placePerByteRecycled: 0.5 / mebibyte,
      clonePerByte: 0.5 / mebibyte,
      perClaim: 0.5 / 1000,
    };
    expect(meter.profile).toMatchObject(expected);
    expect(Object.keys(expected)).toEqual([...MEASURED_ONCE]);
    expect(meter.profile.spawn).toBe(defaultHostProfile.spawn);
  });

  it("gives times that a machine could have", async () => {
    const meter = new HostMeter({});
    await measureAll(meter);
    for (const field of MEASURED_ONCE) {
      expect(meter.profile[field], field).toBeGreaterThan(0);
      expect(meter.profile[field], field).toBeLessThan(1);
    }
  });

  it("happens once per process, for all executors", async () => {
    const meter = new HostMeter({});
    tickTheClock(0.5);
    await measureAll(meter);
    const after = { ...meter.profile };
    const other = new HostMeter({});
    tickTheClock(0.25);
    meter.measureOnce();
    other.measureOnce();
    // Twice as many turns as there are steps.
    for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([meter.profile, other.profile]).toEqual([after, after]);
  });

  it("does not replace what a call measured on its way", async () => {
    const meter = new HostMeter({});
    observe("placePerByteFresh", 3e-7);
    const { placePerByteFresh } = meter.profile;
    tickTheClock(0.5);
    await measureAll(meter);
    expect(meter.profile.placePerByteFresh).toBe(placePerByteFresh);
    expect(meter.profile.placePerByteRecycled).toBe(0.5 / 2 ** 20);
  });
});
