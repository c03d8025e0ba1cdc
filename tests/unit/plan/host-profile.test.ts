import { describe, expect, it } from "vitest";
import {
  defaultHostProfile,
  HOST_FIELDS,
  type HostProfile,
  hostProfileOf,
} from "../../../src/plan/host-profile.js";

describe("a host profile", () => {
  it("is the default if nothing is known", () => {
    expect({ ...hostProfileOf() }).toEqual({ ...defaultHostProfile });
    expect(Object.keys(hostProfileOf())).toEqual(HOST_FIELDS);
  });

  it("takes each field from the last layer that has it", () => {
    const measured = { spawn: 40, dispatchHot: 0.2 };
    const given = { spawn: 7, perTask: 0.5 };
    const profile = hostProfileOf(measured, given);
    expect({ ...profile }).toEqual({ ...defaultHostProfile, spawn: 7, dispatchHot: 0.2, perTask: 0.5 });
    expect(hostProfileOf(given, measured).spawn).toBe(40);
    expect([measured, given]).toEqual([
      { spawn: 40, dispatchHot: 0.2 },
      { spawn: 7, perTask: 0.5 },
    ]);
  });

  it("believes zero", () => {
    expect(hostProfileOf({ spawn: 40 }, { spawn: 0 }).spawn).toBe(0);
  });

  it("is frozen, and data alone: as JSON it has its fields and no more", () => {
    const profile = hostProfileOf({ spawn: 1 });
    expect(Object.isFrozen(profile)).toBe(true);
    expect(JSON.parse(JSON.stringify(profile))).toEqual({ ...defaultHostProfile, spawn: 1 });
    expect(structuredClone({ ...profile })).toEqual({ ...defaultHostProfile, spawn: 1 });
  });

  it("prints as a table, each cost in a unit that people know", () => {
    const profile: HostProfile = {
      parallelism: 8,
      spawn: 90,
      spawnPerWorker: 15.25,
      dispatchSequential: 0.03,
      dispatchHot: 0.15,
      dispatchIdle: 0.35,
      dispatchCold: 0.5,
      spawnProcess: 90,
      dispatchProcess: 0.2,
      dispatchProcessIdle: 0.5,
      dispatchProcessCold: 1,
      perClaim: 4e-5,
      perTask: 1e-4,
      placePerByteRecycled: 1e-7,
      placePerByteFresh: 6e-7,
      clonePerByte: 2e-6,
      computePerByte: 1e-6,
    };
    expect(`${hostProfileOf(profile)}`).toBe(
      [
        "parallelism           8 threads",
        "spawn                 90.0 ms",
        "spawnPerWorker        15.3 ms",
        "dispatchSequential    0.0300 ms",
        "dispatchHot           0.150 ms",
        "dispatchIdle          0.350 ms",
        "dispatchCold          0.500 ms",
        "spawnProcess          90.0 ms",
        "dispatchProcess       0.200 ms",
        "dispatchProcessIdle   0.500 ms",
        "dispatchProcessCold   1.00 ms",
        "perClaim              0.0400 µs",
        "perTask               0.100 µs",
        "placePerByteRecycled  10.0 GB/s",
        "placePerByteFresh     1.67 GB/s",
        "clonePerByte          0.500 GB/s",
        "computePerByte        1.00 GB/s",
      ].join("\n"),
    );
  });
});
