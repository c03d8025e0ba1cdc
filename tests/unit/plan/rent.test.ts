import fc from "fast-check";
import { expect, it } from "vitest";
import { Rent } from "../../../src/plan/rent.js";

it("rent adds up what calls lose, and takes nothing back for calls that gain", () => {
  const rent = new Rent();
  expect(rent.paid).toBe(0);
  for (const lost of [3, -100, 4]) rent.pay(lost);
  expect(rent.paid).toBe(7);
  rent.settle();
  expect(rent.paid).toBe(0);
});

it("rent keeps the whole below twice the best possible, whenever the calls end", () => {
  const lost = fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(lost, fc.double({ min: 60, max: 500, noNaN: true }), (calls, price) => {
      const rent = new Rent();
      let cost = 0;
      let isBought = false;
      for (const call of calls) {
        if (isBought) continue;
        cost += call;
        rent.pay(call);
        if (rent.paid < price) continue;
        isBought = true;
        cost += price;
      }
      const total = calls.reduce((sum, call) => sum + call, 0);
      // The call that reaches the price may exceed it by its own loss.
      expect(cost).toBeLessThanOrEqual(2 * Math.min(total, price) + 60 + 1e-9);
    }),
  );
});
