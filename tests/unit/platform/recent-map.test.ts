import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentMap } from "../../../src/platform/recent-map.js";

describe("RecentMap", () => {
  it("keeps at least the keys that were used last, and less than twice as many", () => {
    const limit = 4;
    const step = fc.record({ sets: fc.boolean(), key: fc.integer({ min: 0, max: 12 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const forgotten = new Set<number>();
        const map = new RecentMap<number, string>(limit, (keys) => {
          for (const key of keys) forgotten.add(key);
        });
        let used: number[] = [];
        for (const { sets, key } of steps) {
          if (sets) {
            map.set(key, `value ${key}`);
            forgotten.delete(key);
          } else if (map.get(key) === undefined) {
            expect(used.slice(0, limit - 1)).not.toContain(key);
            continue;
          }
          used = [key, ...used.filter((other) => other !== key)];
          expect(map.size).toBeLessThan(2 * limit);
        }
        for (const key of used.slice(0, limit - 1)) expect(map.get(key)).toBe(`value ${key}`);
        // What was forgotten was told, and nothing else.
        for (const key of used) expect(map.get(key) === undefined).toBe(forgotten.has(key));
      }),
    );
  });

  it("keeps a key that is read all the time", () => {
    const map = new RecentMap<string, number>(10);
    map.set("hot", 1);
    for (let i = 0; i < 1000; i++) {
      map.set(`cold ${i}`, i);
      expect(map.get("hot")).toBe(1);
    }
    expect(map.get("cold 1")).toBeUndefined();
  });
});
