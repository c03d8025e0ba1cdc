import { expect, it } from "vitest";
import { KernelProfiles } from "../../../src/plan/kernel-profile.js";

it("knows nothing of a kernel that never ran", () => {
  expect(new KernelProfiles().costPerByte(1)).toBeUndefined();
});

it("takes the first measurement as it is and each later one for a third", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, 1000, 5);
  expect(profiles.costPerByte(1)).toBe(0.005);
  profiles.learn(1, 1000, 11);
  expect(profiles.costPerByte(1)).toBeCloseTo(0.007, 12);
  for (let i = 0; i < 50; i++) profiles.learn(1, 100, 2);
  expect(profiles.costPerByte(1)).toBeCloseTo(0.02, 6);
});

it("keeps kernels apart", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, 10, 1);
  profiles.learn(2, 10, 3);
  expect([profiles.costPerByte(1), profiles.costPerByte(2)]).toEqual([0.1, 0.3]);
});

it("learns nothing from no bytes", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, 0, 5);
  expect(profiles.costPerByte(1)).toBeUndefined();
});

it("does not grow for ever, and keeps what it learned last", () => {
  const profiles = new KernelProfiles();
  for (let kernel = 0; kernel <= 10_000; kernel++) profiles.learn(kernel, 1, 1);
  expect(profiles.costPerByte(10_000)).toBe(1);
  expect(profiles.costPerByte(0)).toBeUndefined();
});
