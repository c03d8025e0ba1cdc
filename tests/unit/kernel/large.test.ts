import { afterEach, describe, expect, it, vi } from "vitest";
import { KernelCaptureError } from "../../../src/errors.js";
import { compileInline } from "../../../src/kernel/inline/compile.js";
import { readKernelSource } from "../../../src/kernel/inline/source.js";

type Callable = (...args: unknown[]) => unknown;

/** A function that no tool has touched. */
function evaluate(expression: string): unknown {
  return new Function(`return (${expression})`)();
}

const numbered = (count: number, text: (i: number) => string, between: string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(between);

describe("kernels that programs generate", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ["a sum", 20_000, " + ", "", 20_000],
    ["a product with sums in it", 500, " * ", " + 1 - 1 + 0", 1],
    ["alternatives", 20_000, " || ", "", 1],
    ["requirements", 20_000, " && ", " + 1 > 1", true],
  ])("may be %s of %i terms", (_, count, operator, term, expected) => {
    const fn = evaluate(`(x) => ${numbered(count, () => `x[0]${term}`, operator)}`);
    const { source, name } = readKernelSource(fn);
    expect((compileInline(source, name) as Callable)([1])).toBe(
      term === " + 1 - 1 + 0" ? (fn as Callable)([1]) : expected,
    );
  });

  it("are looked through to the end of a sum", () => {
    const terms = numbered(5000, (i) => `x[${i}]`, " + ");
    for (const text of [`rate + ${terms}`, `${terms} + rate`, `${terms} + rate + ${terms}`]) {
      expect(() => readKernelSource(evaluate(`(x) => ${text}`))).toThrow(KernelCaptureError);
    }
    expect(() => readKernelSource(evaluate(`(x) => ${terms} + this.rate`))).toThrow(/uses "this"/);
    const { stateful, lingers } = readKernelSource(evaluate(`(x) => ${terms} + process.pid`));
    expect([stateful, lingers]).toEqual([true, true]);
    expect(readKernelSource(evaluate(`(x) => ${terms} + Math.abs(x[0])`)).lingers).toBe(false);
  });

  it("may have thousands of variables, each of which is looked at once", () => {
    const text = numbered(20_000, (i) => `const v${i} = x[${i}];`, " ");
    const fn = evaluate(`(x) => { ${text} return v19999; }`);
    let compared = 0;
    const indexOf = Array.prototype.indexOf;
    vi.spyOn(Array.prototype, "indexOf").mockImplementation(function (this: unknown[], ...given) {
      compared += this.length;
      return indexOf.apply(this, given);
    });
    readKernelSource(fn);
    vi.restoreAllMocks();
    expect(compared).toBeLessThan(1_000_000);
  });

  it.each(["in the order of their use", "backwards", "in no order"])(
    "may hand a parameter on through thousands of variables, %s",
    (order) => {
      const count = 20_000;
      const at = (i: number): number =>
        order === "backwards" ? count - 1 - i : order === "in no order" ? (i * 7919) % count : i;
      const handOn = numbered(count, (i) => `v${at(i) + 1} = v${at(i)};`, " ");
      const fn = evaluate(
        `(x) => { var ${numbered(count + 1, (i) => `v${i}`, ", ")}; v0 = x; ${handOn} v${count}[0] = 1; }`,
      );
      expect(readKernelSource(fn).writes & 1).toBe(1);
    },
  );

  it.each([2, 100])("may not declare a function twice in a block, as the first or among %i", (count) => {
    const functions = numbered(count, (i) => `function f${i}() {}`, " ");
    const twice = evaluate(`() => { { ${functions} function f${count - 1}() {} } }`);
    const message = new RegExp(`Identifier 'f${count - 1}' has already been declared: rewrite it`);
    expect(() => readKernelSource(twice)).toThrow(message);
    expect(() => readKernelSource(evaluate(`() => { { ${functions} } }`))).not.toThrow();
  });

  it("are refused with the reason if they are nested too deeply", () => {
    const shapes: readonly ((depth: number) => string)[] = [
      (depth) => `(x) => ${"[".repeat(depth)}x${"]".repeat(depth)}`,
      (depth) => `(x) => ${"(1 + ".repeat(depth)}x${")".repeat(depth)}`,
      (depth) => `(x) => x${".a".repeat(20 * depth)}`,
      (depth) => `(x) => { ${numbered(depth, (i) => `if (x === ${i}) return ${i};`, " else ")} }`,
    ];
    const refused = shapes.map((shape) => {
      for (let depth = 250; depth < 64_000; depth *= 2) {
        let fn: unknown;
        try {
          fn = evaluate(shape(depth));
        } catch {
          // Too deep for the engine itself.
          return "none";
        }
        try {
          readKernelSource(fn);
        } catch (error) {
          return (error as Error).message.replace(/^.* as a kernel as /, "");
        }
      }
      return "none";
    });
    const text =
      "its source is nested too deeply to be analysed: " +
      "use a loop over an array, or export it from a module with defineKernel()";
    expect(refused).toContain(text);
    expect(refused.filter((message) => message !== text && message !== "none")).toEqual([]);
  });
});
