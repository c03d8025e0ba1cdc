import { expect, it } from "vitest";
import { exportsNothing } from "../../../../src/kernel/module/exports-nothing.js";

it.each([
  ["a module without an export", 'import { a } from "a";\na();'],
  ["the word in a string only", 'import "a";\nconst text = "export const a";'],
  ["a script", "#!/usr/bin/env node\nconst a = 1;"],
])("%s exports nothing", (_what, text) => {
  expect(exportsNothing(text)).toBe(true);
});

it.each([
  ["a constant", "export const a = 1;"],
  ["short names", "const a=1;export{a as t};"],
  ["a default", "export default 1;"],
  ["all of another module", 'export * from "a";'],
  ["CommonJS", "exports.a = 1;"],
  ["CommonJS as a whole", "module.exports = { a };"],
  ["TypeScript, which nobody parses here", "const a: number = 1;"],
])("%s may be an export", (_what, text) => {
  expect(exportsNothing(text)).toBe(false);
});
