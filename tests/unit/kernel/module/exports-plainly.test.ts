import { expect, it } from "vitest";
import { exportsPlainly } from "../../../../src/kernel/module/exports-plainly.js";

it.each([
  ["a declaration", 'export const scale = defineKernel(import.meta.url, "scale", f);'],
  ["a function", "export async function scale() {}"],
  ["a list", "export { a, scale };"],
  ["another name in the module", "export { s as scale };"],
  ["another name outside", 'const scale = d(u, "scale", f); export { scale as s };'],
  ["minified names", 'var a=1,s=d(import.meta.url,"scale",e=>2*e),b=2;export{b as c,s as t};'],
  ["an address that is made", 'const s = d(new URL("./k.js", u), `scale`, f);\nexport{s as t};'],
  ["a kernel that is made at first need", "var s,i=l(()=>{s=d(u,'scale',f)});export{s as t};"],
  ["a default", 'const s = d(u, "scale", f);\nexport default s;'],
])("%s shows at once", (_what, text) => {
  expect(exportsPlainly(text, "scale")).toBe(true);
});

it.each([
  ["another export", 'const scale = d(u, "scale", f); export { other };'],
  ["a record of kernels", 'const scale = d(u, "scale", f); export const kernels = { scale };'],
  ["no export", 'const scale = d(u, "scale", f);'],
])("%s needs a closer look", (_what, text) => {
  expect(exportsPlainly(text, "scale")).toBe(false);
});
