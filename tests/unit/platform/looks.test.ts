import { expect, it } from "vitest";
import { Looks } from "../../../src/platform/looks.js";

/** Chances at which it does not look, until it does. */
function leftOut(looks: Looks): number {
  let count = 0;
  while (!looks.take()) count += 1;
  return count;
}

it("a thread looks at each chance while that pays", () => {
  const looks = new Looks();
  for (let i = 0; i < 10; i++) {
    expect(looks.take()).toBe(true);
    looks.ended(true);
  }
});

it("a thread leaves out more and more chances while it looks in vain, up to a bound", () => {
  const looks = new Looks();
  const seen = Array.from({ length: 6 }, () => {
    looks.ended(false);
    return leftOut(looks);
  });
  expect(seen).toEqual([2, 4, 8, 8, 8, 8]);
});

it("a thread looks at each chance again once that paid", () => {
  const looks = new Looks();
  for (let i = 0; i < 5; i++) looks.ended(false);
  leftOut(looks);
  looks.ended(true);
  expect(leftOut(looks)).toBe(0);
  looks.ended(false);
  expect(leftOut(looks)).toBe(2);
});
