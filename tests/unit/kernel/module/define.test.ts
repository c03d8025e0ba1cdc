import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { defineKernel, moduleExport } from "../../../../src/kernel/module/define.js";

const url = "file:///kernels.js";

it("defineKernel gives back the function itself, which stays callable, with its address", () => {
  const double = (x: number): number => 2 * x;
  const kernel = defineKernel(url, "double", double);
  expect(kernel).toBe(double);
  expect(kernel(4)).toBe(8);
  expect(moduleExport(kernel)).toEqual({ url, name: "double", threadSafe: true });
  expect(Object.keys(kernel)).toEqual([]);
});

it("other functions have no address, even with the same text", () => {
  defineKernel(url, "one", () => 1);
  expect(moduleExport(() => 1)).toBeUndefined();
});

it("defineKernel accepts any URL", () => {
  for (const address of [import.meta.url, "https://example.org/k.js", "data:text/javascript,"]) {
    expect(moduleExport(defineKernel(address, "k", () => {}))?.url).toBe(address);
  }
});

it("defineKernel accepts URL objects, and paths of files as __filename gives them", () => {
  const addressOf = (place: string | URL) => moduleExport(defineKernel(place, "k", () => {}))?.url;
  expect(addressOf(new URL(url))).toBe(url);
  expect(addressOf("/home/a b/#1/50%?/é.cjs")).toBe(pathToFileURL("/home/a b/#1/50%?/é.cjs").href);
  expect(addressOf("C:\\my code\\k.js")).toBe("file:///C:/my%20code/k.js");
  expect(addressOf("\\\\host\\share\\k.js")).toBe("file://host/share/k.js");
});

describe("refusals", () => {
  const fn = () => {};
  it.each<[string, unknown, unknown, unknown, string]>([
    [
      "a relative path",
      "./kernels.js",
      "k",
      fn,
      'a kernel as its url must be import.meta.url, or __filename in CommonJS: current value is "./kernels.js"',
    ],
    [
      "no url",
      undefined,
      "k",
      fn,
      "a kernel as its url must be import.meta.url, or __filename in CommonJS: current value is undefined",
    ],
    [
      "no name",
      url,
      "",
      fn,
      'a kernel as its name must be the name it is exported under: current value is ""',
    ],
    [
      "a name that is no text",
      url,
      7,
      fn,
      "a kernel as its name must be the name it is exported under: current value is 7",
    ],
    [
      "no function",
      url,
      "k",
      { run: fn },
      'kernel "k" as it must be a function: current value is object with keys run',
    ],
  ])("%s", (_name, address, name, kernel, message) => {
    const define = () => defineKernel(address as string, name as string, kernel as () => void);
    expect(define).toThrow(new TypeError(`Cannot define ${message}`));
    expect(define).toThrow(TypeError);
  });
});
