import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/errors.js";
import { ALL_OPTIMIZATIONS, optimizationsOf } from "../../../src/platform/optimizations.js";

describe("optimizationsOf", () => {
  it.each([undefined, ""])("has all of them if the variable is %j", (without) => {
    expect(optimizationsOf(without)).toEqual(ALL_OPTIMIZATIONS);
    expect(Object.values(ALL_OPTIMIZATIONS)).not.toContain(false);
  });

  it("leaves out those that are named, and no others", () => {
    expect(optimizationsOf("bell,recycling")).toEqual({
      ...ALL_OPTIMIZATIONS,
      bell: false,
      recycling: false,
    });
  });

  it("refuses a name that is none, and tells those that are", () => {
    expect(() => optimizationsOf("bell,speed")).toThrow(ConfigurationError);
    expect(() => optimizationsOf("bell,speed")).toThrow(
      'Cannot configure "SHARRAY_WITHOUT" as it must be among bell, spin, look, grain, slots, recycling: current value is "speed"',
    );
  });
});
