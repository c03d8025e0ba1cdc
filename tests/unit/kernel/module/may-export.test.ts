import { expect, it } from "vitest";
import { mayExport } from "../../../../src/kernel/module/may-export.js";

const defined = 'const scale = defineKernel(import.meta.url, "scale", (x) => 2 * x);';

it.each([
  ["a module without an export", 'import { a } from "a";\na();'],
  ["the word in a string only", 'import "a";\nconst text = "export const a";'],
  ["a script", "#!/usr/bin/env node\nconst a = 1;"],
  ["a bundle that exports something else", `${defined} const server = listen(scale); export { server };`],
  ["a minified one", 'var t=d(import.meta.url,"scale",e=>2*e),r=l(t);export{r as server};'],
  ["one with a default", `${defined} export default { fetch() {} };`],
  ["one that exports another module's", `${defined} export * as others from "a";`],
  [
    "a kernel that is made at first need",
    `var l, s, i = f(() => { s = d(u, "scale", g) }); i(); export { l as server };`,
  ],
])("%s does not export the kernel", (_what, text) => {
  expect(mayExport(text, "scale")).toBe(false);
});

it.each([
  ["the kernel", `export ${defined}`],
  ["a list", `${defined} export { other, scale };`],
  ["a short name", 'const a=d(import.meta.url,"scale",e=>2*e);export{a as t};'],
  [
    "a kernel that is made at first need",
    `var s, i = f(() => { s = d(u, "scale", g) }); export { s as a, i as b };`,
  ],
  [
    "a short name beside the same word",
    'log(1, "scale"); const a=d(u,"scale",f); log(2, "scale"); export{a as t};',
  ],
  ["a name in quotes", `${defined.replaceAll("scale", "s")} export { s as "scale" };`],
  ["a default", 'export default defineKernel(import.meta.url, "scale", () => {});'],
  [
    "a default with kernels",
    'const kernels = { scale: defineKernel(u, "scale", f) }; export default kernels;',
  ],
  ["a record", `${defined} export const kernels = { scale };`],
  ["a function that uses it", `${defined} export function run(x) { return executor.map(x, scale); }`],
  [
    "a kernel whose name is computed",
    "export const kernels = names.map((name) => defineKernel(u, name, f));",
  ],
  ["all of another module", `${defined} export * from "a";`],
  ["what another module has", 'export { scale } from "a";'],
  ["CommonJS", "exports.a = 1;"],
  ["CommonJS as a whole", "module.exports = { a };"],
  ["TypeScript, which nobody parses here", "const a: number = 1;"],
])("%s may be an export", (_what, text) => {
  expect(mayExport(text, "scale")).toBe(true);
});
