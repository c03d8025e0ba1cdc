import fc from "fast-check";
import { expect, it } from "vitest";
import { argsNumber, workShapeOf } from "../../../src/plan/work-shape.js";

it("calls that differ by half or more in anything have keys of their own, below 2^53", () => {
  const tasks = fc.integer({ min: 1, max: 2 ** 24 });
  const taskBytes = fc.nat(2 ** 40);
  const args = fc.nat(2 ** 32 - 1);
  fc.assert(
    fc.property(tasks, taskBytes, args, (tasks, taskBytes, args) => {
      const shape = workShapeOf(tasks, taskBytes, args);
      const more = workShapeOf(Math.ceil(1.5 * tasks + 1), taskBytes, args);
      const larger = workShapeOf(tasks, Math.ceil(1.5 * taskBytes + 1), args);
      expect(new Set([shape, more, larger].map(({ key }) => key)).size).toBe(3);
      expect(larger.size).toBeGreaterThan(shape.size);
      const other = workShapeOf(tasks, taskBytes, (args + 1) % 2 ** 32);
      expect(other.key).toBe(shape.key);
      const keys = [shape, more, larger, other].map(({ keyWithArgs }) => keyWithArgs);
      expect(new Set(keys).size).toBe(4);
      for (const key of keys) expect(Number.isSafeInteger(key)).toBe(true);
      expect(workShapeOf(tasks, taskBytes, args)).toEqual(shape);
    }),
  );
});

it("a call without tasks has a key too", () => {
  expect(Number.isSafeInteger(workShapeOf(0, 0, 0).keyWithArgs)).toBe(true);
});

it("arguments have a number that their bytes make, and 0 is for none", () => {
  expect(argsNumber(null, undefined)).toBe(0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(argsNumber(bytes, undefined)).toBeGreaterThan(0);
      expect(argsNumber(bytes.slice(), undefined)).toBe(argsNumber(bytes, undefined));
      if (bytes.length === 0) return;
      const changed = bytes.slice();
      changed[0] = (bytes[0] as number) ^ 1;
      expect(argsNumber(changed, undefined)).not.toBe(argsNumber(bytes, undefined));
    }),
  );
});
