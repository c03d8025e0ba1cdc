import fc from "fast-check";
import { expect, it } from "vitest";
import { Participants } from "../../../../src/strategies/threads/participants.js";

it("each worker has a place of its own, which it has again when it comes back", () => {
  const crew = new Participants<string>();
  expect([crew.enter("a", 2), crew.enter("b", 2)]).toEqual([0, 1]);
  crew.leave("a");
  expect([crew.here, crew.has("a"), crew.present()]).toEqual([1, false, [["b", 1]]]);
  expect(crew.enter("a", 2)).toBe(0);
  crew.leave("b");
  expect([crew.enter("c", 2), crew.workers]).toEqual([1, ["a", "c"]]);
  expect([crew.has("b"), crew.has("c"), crew.here]).toEqual([false, true, 2]);
});

it("no two workers have one place, and those that are here are counted", () => {
  const worker = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(fc.array(worker, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (workers, most) => {
      const crew = new Participants<number>();
      const here = new Map<number, number>();
      for (const each of workers) {
        if (here.delete(each)) crew.leave(each);
        else if (here.size < most) here.set(each, crew.enter(each, most));
        expect(crew.here).toBe(here.size);
        expect(new Map(crew.present())).toEqual(here);
        expect(new Set(here.values()).size).toBe(here.size);
        expect(crew.workers.length).toBeLessThanOrEqual(most);
        for (const [one, place] of here) expect(crew.workers[place]).toBe(one);
      }
    }),
  );
});

it("workers may leave during an iteration", () => {
  const crew = new Participants<string>();
  for (const worker of ["a", "b", "c"]) crew.enter(worker, 3);
  const seen = crew.present().map(([worker]) => {
    crew.leave(worker);
    return worker;
  });
  expect([seen, crew.here]).toEqual([["a", "b", "c"], 0]);
});
