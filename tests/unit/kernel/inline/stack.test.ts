import { beforeEach, describe, expect, it, vi } from "vitest";
import { compileInline } from "../../../../src/kernel/inline/compile.js";
import { readText } from "../../../../src/kernel/inline/source.js";
import { isKernelFrame, ledToFile } from "../../../../src/kernel/inline/stack.js";

/** Where V8 says that a function of these texts is, as if each began at line 10, column 4 of a file. */
vi.mock("../../../../src/platform/function-place.js", () => ({
  placeOfFunction: (fn: object) => ({ url: "file:///app.mjs", isModule: true, ...places.get(fn) }),
  framePlace: ({ url, line, column }: { url: string; line: number; column: number }) =>
    `${url}:${line}:${column}`,
}));
const { places } = vi.hoisted(() => ({ places: new WeakMap<object, { line: number; column: number }>() }));
beforeEach(() => vi.clearAllMocks());

const LINE = 10;
const COLUMN = 4;

/** A function of which V8 tells the place: an arrow's is its beginning, another's its parameters. */
function placed(expression: string): { fn: object; text: string } {
  const fn = new Function(`return (${expression})`)() as object;
  const text = Function.prototype.toString.call(fn);
  const isArrow = !/^(async\s+)?function\b/.test(text) && /^(async\s*)?(\w+|\([^)]*\))\s*=>/.test(text);
  const anchor = isArrow ? 0 : text.indexOf("(x");
  const before = text.slice(0, anchor).split("\n");
  const column = (before.length === 1 ? COLUMN : 0) + (before.at(-1) as string).length;
  places.set(fn, { line: LINE + before.length - 1, column });
  return { fn, text };
}

/** The place in the file of a part of the text. */
function placeOf(text: string, part: string): string {
  const before = text.slice(0, text.indexOf(part)).split("\n");
  const column = (before.length === 1 ? COLUMN : 0) + (before.at(-1) as string).length;
  return `file:///app.mjs:${LINE + before.length - 1}:${column}`;
}

async function stackOf(fn: object): Promise<string[]> {
  const compiled = compileInline(readText(fn).source, "k") as (x: unknown) => unknown;
  try {
    await compiled(null);
  } catch (error) {
    return String((error as Error).stack).split("\n");
  }
  throw new Error("it has not thrown");
}

describe("a frame of a compiled kernel", () => {
  it.each([
    ["arrow", "(x) => x.boom"],
    ["arrow of several lines", "(x) => {\n  const y = 1;\n  return x\n    .boom + y;\n}"],
    ["async arrow", "async (x) => { await null; return x.boom; }"],
    ["function", "function named(x) { return x.boom; }"],
    ["function with its name on a line of its own", "function\n  named\n  (x) { return x.boom; }"],
    ["async function", "async function named(x) {\n  return x.boom;\n}"],
    ["method", "({ method(x) { return x.boom; } }).method"],
    ["async method", "({ async method(x) {\n return x.boom; } }).method"],
    ["computed method", "({ ['me' + ('th')](x) { return x.boom; } }).meth"],
    ["with a helper of a tool", '(x) => { const f = __name((y) => y.boom, "f"); return f(x); }'],
  ])("of an %s leads to its file", async (_, expression) => {
    const { fn, text } = placed(expression);
    const [, frame] = (await stackOf(fn)) as [string, string];
    expect(isKernelFrame(frame)).toBe(true);
    expect(ledToFile(frame, [{ fn, line: 0 }])).toContain(placeOf(text, "boom"));
  });

  it("keeps the name of the function, and that it was awaited", async () => {
    const { fn } = placed("function named(x) { function inner(y) { return y.boom; } return inner(x); }");
    const frames = (await stackOf(fn))
      .filter(isKernelFrame)
      .map((frame) => ledToFile(frame, [{ fn, line: 0 }]));
    expect(frames[0]).toMatch(/^ {4}at inner \(file:\/\/\/app\.mjs:\d+:\d+\)$/);
    const awaited = ledToFile("    at async named (sharray-kernel-k.js:3:30)", [{ fn, line: 0 }]);
    expect(awaited).toMatch(/^ {4}at async named \(file:/);
  });

  it("of a function that was captured leads to that function's file", () => {
    const [first, second] = [placed("(x) =>\n  x.boom"), placed("(x) => x + 1")];
    const functions = [
      { fn: first.fn, line: 2 },
      { fn: second.fn, line: 6 },
    ];
    // Lines of the source, two of `new Function` before it; columns from 1.
    expect(ledToFile("    at helper (sharray-kernel-k.js:6:5)", functions)).toBe(
      `    at helper (${placeOf(first.text, "boom")})`,
    );
    expect(ledToFile("    at eval (sharray-kernel-k.js:9:10)", functions)).toContain("file:///app.mjs:10:13");
  });

  it("stays as it is if it can't be led anywhere", () => {
    for (const frame of ["    at run (file:///other.mjs:3:4)", "    at Array.map (<anonymous>)"]) {
      expect(isKernelFrame(frame)).toBe(false);
    }
    const { fn } = placed("(x) => x");
    const beyond = "    at eval (sharray-kernel-k.js:99:1)";
    expect(ledToFile(beyond, [{ fn, line: 0 }])).toBe(beyond);
  });
});
