import fc from "fast-check";
import { expect, it } from "vitest";
import { textKey } from "../../../src/kernel/text-key.js";

const LONG = 16_384;

it("the key of a text is the text itself as long as V8 hashes it", () => {
  const text = "x".repeat(LONG - 1);
  expect(textKey(text)).toBe(text);
  expect(typeof textKey("x".repeat(LONG))).toBe("number");
});

it("the key of a long text differs if one character does, at any place", () => {
  const text = Array.from({ length: LONG }, (_, i) => String.fromCharCode(32 + (i % 90)));
  const keys = new Set([textKey(text.join(""))]);
  const at = fc.integer({ min: 0, max: LONG - 1 });
  fc.assert(
    fc.property(at, (i) => {
      const changed = [...text];
      changed[i] = "é";
      expect(keys.has(textKey(changed.join("")))).toBe(false);
    }),
  );
});

it("the keys of numbered texts differ, as generated kernels are", () => {
  const pad = " ".repeat(LONG);
  const keys = new Set(Array.from({ length: 1000 }, (_, i) => textKey(`() => ${i + 1000}${pad}`)));
  expect(keys.size).toBe(1000);
  for (const key of keys) expect(Number.isSafeInteger(key)).toBe(true);
});
