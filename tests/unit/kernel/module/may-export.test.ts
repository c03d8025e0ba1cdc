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
  ["a record that a function made", `${defined} const kernels = wrap({ scale }); export { kernels };`],
  ["a comparison", `${defined} let other; const same = scale === other; export { other, same };`],
  [
    "CommonJS whose bundler wrapped the module of the kernel",
    `var k = wrap({ "k.js"(exports) { exports.scale = d(f, "scale", g); } }); var { scale } = k(); run(scale);`,
  ],
  [
    "CommonJS with a wrapper that has the names of Node's",
    `var k = [(module, exports) => { module.exports = { scale: d(f, "scale", g) }; }]; m.exports = { exports: 1 };`,
  ],
  [
    "CommonJS whose bundler has a variable of that name",
    'function load() { var module = { exports: {} }; return module.exports; } load(eval("d"), d(f, "scale", g));',
  ],
  ["CommonJS whose bundler keeps modules as texts", "eval('d(f, \"scale\", g)'); others.exports = 1;"],
  [
    "CommonJS that exports something else",
    `const s = d(f, "scale", g); exports.server = listen(); serve(s);`,
  ],
  [
    "CommonJS of esbuild that exports something else",
    `__export(main_exports, { server: () => server }); module.exports = convert(main_exports);
     var scale = d(f, "scale", g); serve(scale);`,
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
  ["a record that is exported later", `${defined} const kernels = { scale }; export default kernels;`],
  ["a record in a list", `${defined} const all = [{ scale }]; export { all };`],
  ["another name for it", `${defined} const other = scale; export { other };`],
  ["CommonJS of which nothing tells the kernel", "exports.a = 1;"],
  ["CommonJS as a whole", "module.exports = { a };"],
  ["CommonJS with the kernel", 'exports.scale = (0, s.defineKernel)(__filename, "scale", f);'],
  ["CommonJS with a record of kernels", 'const scale = d(f, "scale", g); module.exports = { scale };'],
  ["CommonJS with a record of that record", `const s = d(f, "scale", g), all = { s }; exports.all = all;`],
  [
    "CommonJS of TypeScript that exports another module's",
    'd(f, "scale", g); Object.defineProperty(exports, "scale", { get: function () { return k.scale; } });',
  ],
  ["CommonJS that exports all of another module", 'd(f, "scale", g); __exportStar(require("./k"), exports);'],
  [
    "CommonJS of esbuild",
    '__export(k_exports, { t: () => t }); module.exports = convert(k_exports); var t = d(f, "scale", g);',
  ],
  [
    "a universal module",
    '(function (root, make) { typeof exports === "object" ? make(exports) : make(root.k = {}); })(this, ' +
      'function (exports) { exports.t = d(f, "scale", g); });',
  ],
  ["CommonJS in sloppy mode", 'with (a) b(); exports.scale = d(f, "scale", g);'],
  ["TypeScript, which nobody parses here", "const a: number = 1;"],
])("%s may be an export", (_what, text) => {
  expect(mayExport(text, "scale")).toBe(true);
});
