import { expect, it } from "vitest";
import { Occupancy } from "../../../src/plan/occupancy.js";
import { MODELS } from "./grounds.js";

it("occupancy adds up what calls keep busy, by strategy, and is empty when they have left", () => {
  const occupancy = new Occupancy(MODELS);
  const one = { strategy: "sequential", busy: 0.1, share: 1 } as const;
  const two = { strategy: "threads", busy: 15, share: 0.5 } as const;
  const three = { strategy: "threads", busy: 0.2, share: 1 } as const;
  for (const each of [one, two, three]) occupancy.enter(each);
  expect(occupancy.calls).toBe(3);
  expect(occupancy.byStrategy).toMatchObject({
    sequential: { busy: 0.1, shares: 1 },
    threads: { busy: 15.2, shares: 1.5 },
  });
  occupancy.leave(two);
  expect(occupancy.byStrategy.threads.busy).toBeCloseTo(0.2, 12);
  for (const each of [one, three]) occupancy.leave(each);
  expect(occupancy.calls).toBe(0);
  expect(occupancy.byStrategy).toMatchObject({
    sequential: { busy: 0, shares: 0 },
    threads: { busy: 0, shares: 0 },
  });
});
