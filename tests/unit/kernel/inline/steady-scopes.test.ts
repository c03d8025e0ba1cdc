import { expect, it } from "vitest";
import { steadyScopesOf } from "../../../../src/kernel/inline/steady-scopes.js";
import { resolveKernel } from "../../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../../src/kernel/types.js";

const READINGS = 256;

function valuesOf(fn: AnyKernel): Readonly<Record<string, unknown>> | undefined {
  return resolveKernel(fn, { captures: "copy" }).captured?.values;
}

/** As a program does that calls it again and again. */
function readOften(fn: AnyKernel): void {
  for (let i = 0; i < READINGS; i++) valuesOf(fn);
}

const table = { size: 1 };
const tools = { scale: (x: number): number => x * table.size };
let changing = 1;

it("reads no scope of a function whose variables can't change, once that was looked for", () => {
  const kernel = (x: number): number => x + table.size;
  valuesOf(kernel);
  expect(steadyScopesOf(kernel)).toBeUndefined();
  readOften(kernel);
  expect(steadyScopesOf(kernel)).toEqual([{ table }]);
  table.size += 1;
  expect(valuesOf(kernel)).toEqual({ "table.size": table.size });
});

it("reads on if a variable can change", () => {
  const kernel = (x: number): number => x + changing;
  readOften(kernel);
  expect(steadyScopesOf(kernel)).toBeUndefined();
  changing = 7;
  expect(valuesOf(kernel)).toEqual({ changing: 7 });
});

it("reads on if a variable of a captured function can change", () => {
  const helper = (x: number): number => x + changing;
  const kernel = (x: number): number => helper(x);
  readOften(kernel);
  expect(steadyScopesOf(kernel)).toBeDefined();
  changing = 8;
  expect(valuesOf(kernel)).toEqual({ "helper.changing": 8 });
});

it("reads a function that has come into an object", () => {
  const kernel = (x: number): number => tools.scale(x);
  readOften(kernel);
  expect(valuesOf(kernel)).toEqual({ "tools.scale.table.size": table.size });
  const offset = 5;
  tools.scale = (x) => x + offset;
  expect(valuesOf(kernel)).toEqual({ "tools.scale.offset": 5 });
});

it("tells closures of one function apart", () => {
  const make = (rate: number) => (x: number) => x * rate;
  const kernels = [2, 3].map(make);
  for (const kernel of kernels) readOften(kernel);
  expect(kernels.map(steadyScopesOf)).toEqual([[{ rate: 2 }], [{ rate: 3 }]]);
  expect(kernels.map(valuesOf)).toEqual([{ rate: 2 }, { rate: 3 }]);
});

it("reads on what is in no script that it knows", () => {
  const kernel = new Function("rate", "return (x) => x * rate;")(2) as AnyKernel;
  readOften(kernel);
  expect(valuesOf(kernel)).toEqual({ rate: 2 });
});
