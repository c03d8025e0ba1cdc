import { Session } from "node:inspector";
import { afterEach, expect, it, vi } from "vitest";
import { liveScopesOf } from "../../../../src/kernel/inline/live-scopes.js";
import { resolveKernel } from "../../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../../src/kernel/types.js";

const READINGS = 128;

function valuesOf(fn: AnyKernel): Readonly<Record<string, unknown>> | undefined {
  return resolveKernel(fn, { captures: "copy" }).captured?.values;
}

/** As a program does that calls it again and again. */
function readOften(fn: AnyKernel, times = READINGS): void {
  for (let i = 0; i < times; i++) valuesOf(fn);
}

const connect = vi.spyOn(Session.prototype, "connect");
afterEach(() => connect.mockClear());

/** How often the inspector is asked for its values. */
function sessionsOf(fn: AnyKernel): number {
  connect.mockClear();
  valuesOf(fn);
  return connect.mock.calls.length;
}

const table = { size: 1 };
const tools = { scale: (x: number): number => x * table.size };
let changing = 1;

it("asks no inspector for a function that was read often, and takes what its variables hold now", () => {
  const kernel = (x: number): number => x + table.size + changing;
  expect(sessionsOf(kernel)).toBe(1);
  readOften(kernel);
  changing = 7;
  table.size += 1;
  expect(valuesOf(kernel)).toEqual({ "table.size": table.size, changing: 7 });
  expect(sessionsOf(kernel)).toBe(0);
});

it("asks for a captured function that is new, in one session", () => {
  const kernel = (x: number): number => tools.scale(x);
  readOften(kernel);
  expect(sessionsOf(kernel)).toBe(0);
  const offset = 5;
  tools.scale = (x) => x + offset;
  expect(valuesOf(kernel)).toEqual({ "tools.scale.offset": 5 });
  expect(sessionsOf(kernel)).toBe(1);
});

it("tells closures of one function apart", () => {
  const make = (rate: number) => ({ kernel: (x: number) => x * rate, set: (to: number) => (rate = to) });
  const made = [2, 3].map(make);
  for (const { kernel } of made) readOften(kernel);
  made[0]?.set(20);
  expect(made.map(({ kernel }) => valuesOf(kernel))).toEqual([{ rate: 20 }, { rate: 3 }]);
});

it("follows what code that is a text assigns", () => {
  const set = new Function("return eval('let rate = 2; [(x) => x * rate, (to) => (rate = to)]')")() as [
    AnyKernel,
    (to: number) => void,
  ];
  const [kernel, assign] = set;
  readOften(kernel);
  assign(4);
  expect(sessionsOf(kernel)).toBe(0);
  expect(valuesOf(kernel)).toEqual({ rate: 4 });
});

it("waits for a value before it trusts a reader", () => {
  let cache: number | undefined;
  const kernel = (x: number): unknown => [x, cache];
  readOften(kernel);
  expect(liveScopesOf(kernel)).toBeUndefined();
  cache = 3;
  readOften(kernel);
  expect(liveScopesOf(kernel)).toEqual([{ cache: 3 }]);
  cache = undefined;
  expect(valuesOf(kernel)).toEqual({ cache: undefined });
});

it("is not misled by variables of the same name within the function", () => {
  let rate = 1;
  const kernel = (x: number): unknown => {
    for (let rate = x; rate < 0; rate++);
    return rate;
  };
  readOften(kernel);
  rate = 2;
  expect(valuesOf(kernel)).toEqual({ rate: 2 });
});
