import fc from "fast-check";
import { expect, it } from "vitest";
import { FewMap } from "../../../../src/strategies/threads/few-map.js";

it("a FewMap holds what a Map holds, in the same order", () => {
  const key = fc.integer({ min: 0, max: 5 });
  const step = fc.oneof(
    fc.record({ does: fc.constant("set" as const), key, value: fc.integer() }),
    fc.record({ does: fc.constantFrom("delete" as const, "get" as const), key }),
    fc.record({ does: fc.constant("clear" as const), key }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [few, map] = [new FewMap<number, number>(), new Map<number, number>()];
      for (const each of steps) {
        if (each.does === "set") {
          few.set(each.key, each.value);
          map.set(each.key, each.value);
        } else {
          expect(few[each.does](each.key)).toBe(map[each.does](each.key));
        }
        expect(few.size).toBe(map.size);
        expect(few.values()).toEqual([...map.values()]);
        expect(few.entries()).toEqual([...map]);
      }
    }),
  );
});
