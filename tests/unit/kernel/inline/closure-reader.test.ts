import { createHash } from "node:crypto";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../../../src/kernel/inline/captured-data.js";
import { ClosureReader } from "../../../../src/kernel/inline/closure-reader.js";
import { defineKernel } from "../../../../src/kernel/module/define.js";
import { resolveKernel } from "../../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../../src/kernel/types.js";
import { withScopes } from "../../../../src/platform/closure.js";

type Callable = (...args: unknown[]) => unknown;

/** A function that no tool has touched, in a scope with these variables. */
function inScope(variables: Readonly<Record<string, unknown>>, expression: string): AnyKernel {
  return new Function(...Object.keys(variables), `return (${expression})`)(
    ...Object.values(variables),
  ) as AnyKernel;
}

function read(fn: object) {
  return withScopes((scopesOf) => new ClosureReader(scopesOf).read(fn)) as ReturnType<ClosureReader["read"]>;
}

/** The kernel made anew, of values that went through a message. */
function remade(fn: object, ...imported: AnyKernel[]): Callable {
  const { source, values } = read(fn);
  const make = new Function(`"use strict"; return (${source})`)() as (...imported: AnyKernel[]) => Callable;
  return make(...imported)(structuredClone(values)) as Callable;
}

describe("a closure", () => {
  it("has its values by path, and none of them in its source", () => {
    const helper = inScope({ rate: 2.5 }, "(x) => x * rate");
    const { source, values } = read(inScope({ helper, list: [1, 2] }, "(x) => helper(x) + list[x]"));
    expect(values).toEqual({ "helper.rate": 2.5, list: [1, 2] });
    expect(source).not.toContain("2.5");
  });

  it("of equal functions over other values is the same kernel", () => {
    const kernels = [1, 2].map((rate) => {
      return resolveKernel(inScope({ rate }, "(x) => x * rate + 0.375"), {
        captures: "copy",
      });
    });
    expect(kernels[0]?.id).toBe(kernels[1]?.id);
    expect(kernels[0]?.address).toBe(kernels[1]?.address);
    expect(kernels.map(({ captured }) => captured?.values)).toEqual([{ rate: 1 }, { rate: 2 }]);
    const other = inScope({ rate: inScope({}, "(x) => x") }, "(x) => x * rate + 0.375");
    expect(resolveKernel(other, { captures: "copy" }).id).not.toBe(kernels[0]?.id);
  });

  it("takes a function once, however many hold it", () => {
    const shared = inScope({ k: 3 }, "(x) => x * k");
    const [a, b] = [1, 2].map((n) => inScope({ shared, n }, "(x) => shared(x) + n"));
    const kernel = inScope({ a, b, both: { shared } }, "(x) => [a(x), b(x), both.shared(x)]");
    const { functions, values } = read(kernel);
    expect(functions).toHaveLength(4);
    expect(Object.keys(values)).toEqual(["a.shared.k", "a.n", "b.n"]);
    expect(remade(kernel)(10)).toEqual([31, 32, 30]);
  });

  it("gives variables of the same name their own values", () => {
    const helper = inScope({ k: 1 }, "(x) => x + k");
    const deep = inScope({ k: 10, helper }, "(x) => helper(x) + k");
    expect(remade(inScope({ k: 100, deep }, "(x) => deep(x) + k"))(0)).toBe(111);
  });

  it("may have functions that call each other, by variables and by objects", () => {
    const make = new Function(`
      const even = (n) => n === 0 || odd(n - 1);
      const odd = (n) => n !== 0 && even(n - 1);
      const tools = { twice: (x) => 2 * x, four: (x) => tools.twice(tools.twice(x)) };
      const count = (n) => (n < 1 ? 0 : 1 + count(n - 1));
      return [(x) => [even(x), odd(x), tools.four(x), count(x)], count];
    `);
    const [kernel, count] = make() as [object, object];
    expect(remade(kernel)(5)).toEqual([false, true, 20, 5]);
    expect(remade(count)(4)).toBe(4);
  });

  it("makes variables that are never late parameters", () => {
    const { source } = read(inScope({ rate: 1, f: inScope({}, "(x) => x") }, "(x) => f(x) * rate"));
    expect(source).not.toContain("let ");
    expect(source).toMatch(/\(\(f,rate\)=>/);
  });

  it("has module kernels as imports, and may keep what it returns then", () => {
    const far = defineKernel("file:///far.js", "far", (x: number) => x) as AnyKernel;
    const kernel = inScope({ far, list: [far] }, "(x) => far(x) + list[0](x)");
    const { imports, stateful, lingers } = read(kernel);
    expect(imports).toMatchObject([{ url: "file:///far.js", name: "far" }]);
    expect([stateful, lingers]).toEqual([true, true]);
    expect(remade(kernel, ((x: number) => x * 100) as AnyKernel)(1)).toBe(200);
  });

  it("has functions of Node's own modules as imports, also those of an object that a module exports", () => {
    const kernel = inScope({ createHash, path }, "(x) => [createHash(x), path.basename(x)]");
    expect(read(kernel).imports).toMatchObject([
      { url: "node:crypto", name: "createHash" },
      { url: "node:path", name: "basename" },
    ]);
  });

  it("of other module kernels is another kernel, thread-safe if all of them are", () => {
    const of = (name: string, threadSafe: boolean) => {
      const far = defineKernel("file:///far.js", name, (x: number) => x, { threadSafe }) as AnyKernel;
      return resolveKernel(inScope({ far }, "(x) => far(x) + 0.875"), { captures: "copy" });
    };
    const [a, again, b, unsafe] = [of("a", true), of("a", true), of("b", true), of("c", false)];
    expect(again.id).toBe(a.id);
    expect(new Set([a.id, b.id, unsafe.id]).size).toBe(3);
    expect([a, unsafe].map(({ address }) => address.threadSafe)).toEqual([undefined, false]);
  });

  it("has built-in functions and namespaces by their names", () => {
    const kernel = inScope(
      { root: Math.sqrt, M: Math, Kind: Float32Array },
      "(x) => [root(x), M.PI, new Kind(x)]",
    );
    expect(read(kernel).values).toEqual({});
    expect(remade(kernel)(4)).toEqual([2, Math.PI, new Float32Array(4)]);
  });

  it("is stateful, lingers and writes if one of its functions does", () => {
    const of = (expression: string) => {
      const { stateful, lingers, writes } = read(inScope({ f: inScope({}, expression) }, "(x) => f(x)"));
      return [stateful, lingers, writes];
    };
    expect(of("(x) => x + 1")).toEqual([false, false, 0]);
    expect(of("(x) => { globalThis.kept = x; }")).toEqual([true, true, 0]);
    expect(of("async (x) => x")).toEqual([false, true, 0]);
    expect(of("(x) => { x[0] = 1; }")).toEqual([false, false, 0b111]);
  });

  it("has variables that hide a global, its own and those of its functions", () => {
    const performance = { now: 5 };
    const helper = inScope({ performance }, "() => performance.now + 0.625");
    const kernel = inScope({ helper, Math: { k: 7 } }, "(x) => [helper(), Math.k, x]");
    expect(remade(kernel)(1)).toEqual([5.625, 7, 1]);
  });

  it("takes of an object only what its functions name", () => {
    const object = { a: 1, b: 2, socket: process.stdout, [Symbol("s")]: 1 };
    expect(read(inScope({ object }, "() => object.a + object['b']")).values).toEqual({
      "object.a": 1,
      "object.b": 2,
    });
    expect(() => read(inScope({ object }, "() => [object]"))).toThrow(Refusal);
  });
});

describe("a refusal names the path", () => {
  it.each<[string, AnyKernel, string]>([
    ["in a list", inScope({ list: [[1], [{ a: [Symbol("x")] }]] }, "() => list"), "list[1][0].a[0]"],
    ["under a key that is no name", inScope({ o: { "a b": new Map() } }, "() => [o]"), 'o["a b"].get'],
    ["through functions", inScope({ f: inScope({ g: new Set() }, "() => [g]") }, "() => f()"), "f.g.has"],
    ["of a function's own kind", inScope({ f: class A {} }, "() => new f()"), "f"],
  ])("%s", (_, kernel, path) => {
    let refusal: unknown;
    try {
      read(kernel);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Refusal);
    expect((refusal as Refusal).path).toBe(path);
  });
});
