import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/errors.js";
import { ALL_TRICKS, tricksOf } from "../../../src/platform/optimizations.js";

describe("tricksOf", () => {
  it.each([undefined, ""])("has all tricks where the variable is %j", (without) => {
    expect(tricksOf(without)).toEqual(ALL_TRICKS);
    expect(Object.values(ALL_TRICKS)).not.toContain(false);
  });

  it("leaves out those that are named, and no others", () => {
    expect(tricksOf("bell,recycling")).toEqual({ ...ALL_TRICKS, bell: false, recycling: false });
  });

  it("names a trick that is none, and those that are", () => {
    expect(() => tricksOf("bell,speed")).toThrow(ConfigurationError);
    expect(() => tricksOf("bell,speed")).toThrow(
      'Cannot configure "SHARRAY_WITHOUT" as it must be among bell, spin, look, grain, slots, recycling: current value is "speed"',
    );
  });
});
