import { expect, it } from "vitest";
import { Spin } from "../../../src/worker/spin.js";

/** Rounds in which it does not look, until it does. */
function leftOut(spin: Spin): number {
  let count = 0;
  while (spin.next() === 0) count += 1;
  return count;
}

it("looks after each round while that is worth it", () => {
  const spin = new Spin();
  for (let i = 0; i < 10; i++) {
    expect(spin.next()).toBeGreaterThan(0);
    spin.ended(true);
  }
});

it("leaves out more and more rounds while it looks in vain, but not ever more", () => {
  const spin = new Spin();
  const seen = Array.from({ length: 6 }, () => {
    spin.ended(false);
    return leftOut(spin);
  });
  expect(seen).toEqual([2, 4, 8, 8, 8, 8]);
});

it("looks after each round again once it was worth it", () => {
  const spin = new Spin();
  for (let i = 0; i < 5; i++) spin.ended(false);
  leftOut(spin);
  spin.ended(true);
  expect(leftOut(spin)).toBe(0);
  spin.ended(false);
  expect(leftOut(spin)).toBe(2);
});
