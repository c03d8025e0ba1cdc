import { describe, expect, it } from "vitest";
import { KernelCaptureError } from "../../../src/errors.js";
import { defineKernel } from "../../../src/kernel/module/define.js";
import { kernelAt, resolveKernel } from "../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../src/kernel/types.js";

type Callable = (...args: unknown[]) => unknown;

/** A function that no tool has touched. */
function evaluate(expression: string): AnyKernel {
  return new Function(`return (${expression})`)() as AnyKernel;
}

describe("inline kernels", () => {
  it("of the same text are one kernel", () => {
    const [a, b] = [evaluate("(x) => x + 41"), evaluate("(x) => x + 41")];
    expect(a).not.toBe(b);
    expect(resolveKernel(a).id).toBe(resolveKernel(b).id);
    expect(resolveKernel(a)).toBe(resolveKernel(a));
  });

  it("of different text are two", () => {
    const ids = ["(x) => x", "(x) => x ", "(y) => y"].map((text) => resolveKernel(evaluate(text)).id);
    expect(new Set(ids).size).toBe(2);
  });

  it("that were not used while thousands of others were are forgotten, and run under another number", () => {
    const text = "(x) => x + 0.0625";
    const before = resolveKernel(evaluate(text));
    for (let i = 0; i < 1500; i++) resolveKernel(evaluate(`(x) => x + ${i} + 0.5`));
    const after = resolveKernel(evaluate(text));
    expect(after.id).not.toBe(before.id);
    expect(after.address).toEqual(before.address);
    expect((after.local() as Callable)(1)).toBe(1.0625);
  });

  it("travel as source and run compiled from it, compiled once", () => {
    const fn = evaluate("function triple(x) { return 3 * x; }");
    const kernel = resolveKernel(fn);
    expect(kernel.name).toBe("triple");
    expect(kernel.stateful).toBe(false);
    expect(kernel.lingers).toBe(false);
    expect(kernel.address).toEqual({
      kind: "inline",
      source: "function triple(x) { return 3 * x; }",
      name: "triple",
      stateful: false,
      lingers: false,
      writes: 0,
    });
    const local = kernel.local();
    expect(local).not.toBe(fn);
    expect((local as Callable)(5)).toBe(15);
    expect(kernel.local()).toBe(local);
  });

  it("that could keep what they return are stateful", () => {
    const kernel = resolveKernel(evaluate("(x) => { globalThis.kept = x; return x; }"));
    expect(kernel.stateful).toBe(true);
    expect(kernel.address).toMatchObject({ stateful: true });
  });

  it("that could leave work behind linger, here and where they are sent", () => {
    const kernel = resolveKernel(evaluate("async (x) => x.length"));
    expect(kernel.lingers).toBe(true);
    expect(kernel.stateful).toBe(false);
    expect(kernel.address).toMatchObject({ lingers: true });
    const far = kernelAt(structuredClone(kernel.address));
    expect(far.lingers).toBe(true);
  });

  it("that capture variables are refused, every time", () => {
    for (let i = 0; i < 2; i++) {
      expect(() => resolveKernel(evaluate("(x) => x * someRate"))).toThrow(KernelCaptureError);
    }
  });

  it.each([[undefined], [null], ["(x) => x"], [{}]])("are functions, not %o", (value) => {
    expect(() => resolveKernel(value as unknown as AnyKernel)).toThrow(TypeError);
  });
});

describe("module kernels", () => {
  const factor = 3;
  const scale = defineKernel("file:///kernels.js", "scale", (x: number) => x * factor);

  it("travel as an address, keep their captures, and may hold on to what they return", () => {
    const kernel = resolveKernel(scale);
    expect(kernel.address).toEqual({
      kind: "module",
      url: "file:///kernels.js",
      name: "scale",
      stateful: true,
      lingers: true,
      writes: 0,
    });
    expect(kernel.name).toBe("scale");
    expect(kernel.stateful).toBe(true);
    expect(kernel.lingers).toBe(true);
    expect(kernel.local()).toBe(scale);
    expect(resolveKernel(scale).id).toBe(kernel.id);
  });

  it("of the same name in two modules are two", () => {
    const other = defineKernel("file:///other.js", "scale", (x: number) => x * factor);
    expect(resolveKernel(other).id).not.toBe(resolveKernel(scale).id);
    expect(resolveKernel(other).local()).toBe(other);
  });

  it("are another kernel than an inline one of the same text", () => {
    const inline = evaluate("(x) => x - 17");
    const id = resolveKernel(inline).id;
    const declared = defineKernel("file:///kernels.js", "minus", evaluate("(x) => x - 17"));
    expect(resolveKernel(declared).id).not.toBe(id);
  });

  it("that are declared a second time run as the latest says", () => {
    const first = defineKernel("file:///again.js", "k", () => 1);
    expect(resolveKernel(first).local()).toBe(first);
    const second = defineKernel("file:///again.js", "k", () => 2);
    expect(resolveKernel(second).local()).toBe(second);
  });
});

describe("kernels that another thread has resolved", () => {
  const farAddress = (url: string, name: string) => {
    return { kind: "module", url, name, stateful: true, lingers: true, writes: 0 };
  };

  it("are those that this thread knows by the same text or place", () => {
    const inline = resolveKernel(evaluate("(x) => x + 97"));
    expect(kernelAt(structuredClone(inline.address))).toBe(inline);
    const fn = defineKernel("file:///kernels.js", "far", (() => 1) as AnyKernel);
    const module = resolveKernel(fn);
    expect(kernelAt(structuredClone(module.address)).id).toBe(module.id);
  });

  it("are imported if they run on this thread", async () => {
    const kernel = kernelAt(farAddress("data:text/javascript,export const seven = () => 7", "seven"));
    const local = await kernel.local();
    expect((local as Callable)()).toBe(7);
    expect(await kernel.local()).toBe(local);
    expect(kernel.stateful).toBe(true);
  });

  it("fail as kernels do if they do not load", async () => {
    const kernel = kernelAt(farAddress("data:text/javascript,export {}", "none"));
    const local = (await kernel.local()) as Callable;
    expect(() => local()).toThrow('Cannot load kernel "none"');
  });
});

describe("a module kernel", () => {
  const scale = 2;

  it("leaves nothing behind if its text uses nothing of its module that could", () => {
    const own = defineKernel("file:///kernels.js", "own", (x: Float64Array) => Math.max(...x));
    const other = defineKernel("file:///kernels.js", "other", (x: Float64Array) => x.length * scale);
    const later = defineKernel("file:///kernels.js", "later", async (x: Float64Array) => x.length);
    const native = defineKernel("file:///kernels.js", "native", Math.max);
    expect([own, other, later, native].map((fn) => resolveKernel(fn).lingers)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe("a captured variable is what the kernel uses of the scope around it, and no more:", () => {
  const namesIn = (fn: unknown): unknown => {
    try {
      return resolveKernel(fn as AnyKernel, { captures: "error" });
    } catch (error) {
      return (error as KernelCaptureError).variables;
    }
  };
  const len = 4;
  const named = Object.assign(
    function v(x: number) {
      return (v as unknown as { len: number }).len * x;
    },
    { len: 2, displayName: "v" },
  );
  const unused = Object.assign(
    function v(x: number): number {
      return x < 1 ? x : v(x - 1);
    },
    { len: 2 },
  );

  it.each<[string, unknown]>([
    ["a member of a parameter", (v: { len: number }) => v.len],
    ["a name in a pattern", ({ len: size }: { len: number }) => size],
    ["a shadowed name", (x: number) => ((len) => len)(x)],
    [
      "a label",
      (x: number) => {
        for (;;) break;
        return x;
      },
    ],
    ["a key", (x: number) => ({ len: x })],
    ["a property of a function that calls itself", unused],
    [
      "a name that nobody has declared, asked for its type",
      evaluate("(x) => (typeof define === 'function' ? define(x) : x)"),
    ],
  ])("not %s", (_, fn) => {
    expect(namesIn(fn)).toMatchObject({ captured: undefined });
  });

  it.each<[string, unknown, readonly string[]]>([
    ["a variable", (x: number) => x * len, ["len"]],
    [
      "a declared one that is asked for its type",
      (x: number) => (typeof len === "number" ? len : x),
      ["len"],
    ],
    ["of its own properties those that it uses", named, ["v.len"]],
  ])("%s", (_, fn, names) => {
    expect(namesIn(fn)).toEqual(names);
  });
});
