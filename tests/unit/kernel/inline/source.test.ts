// biome-ignore-all lint/suspicious/noTemplateCurlyInString: kernels are text here
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { KernelCaptureError, quote } from "../../../../src/errors.js";
import { readKernelSource } from "../../../../src/kernel/inline/source.js";

const fromHere = createRequire(import.meta.url);

type Callable = (...args: unknown[]) => unknown;

/** A function that no tool has touched: its text is what the test says. */
function evaluate(expression: string): unknown {
  return new Function(`return (${expression})`)();
}

/** As a worker does it: nothing of this file is in scope there. */
function compile(fn: unknown): Callable {
  return new Function(`"use strict"; return (${readKernelSource(fn).source})`)() as Callable;
}

function capturesOf(fn: unknown): readonly string[] {
  try {
    readKernelSource(fn);
  } catch (error) {
    if (error instanceof KernelCaptureError) return error.variables;
    throw error;
  }
  return [];
}

describe("what needs nothing from outside", () => {
  it.each<[string, string, unknown[], unknown]>([
    ["arrow", "(a) => a + 1", [1], 2],
    ["arrow without parentheses", "a => a + 1", [1], 2],
    ["arrow that returns an object", "(a) => ({ a })", [1], { a: 1 }],
    ["function", "function (a) { return a + 1; }", [1], 2],
    ["recursion by own name", "function fac(n) { return n < 2 ? 1 : n * fac(n - 1); }", [5], 120],
    ["function of the Function constructor", 'new Function("a", "b", "return a * b")', [2, 3], 6],
    ["built-in globals", "(a) => Math.max(...Array.from(a, Number), +Infinity && 1)", [["2", "3"]], 3],
    ["undefined, NaN, Infinity", "() => [undefined, NaN, Infinity]", [], [undefined, Number.NaN, Infinity]],
    ["default parameter from an earlier one", "(a, b = a * 2) => b", [2], 4],
    [
      "destructuring",
      "({ a: { b: c = 1 }, ...rest }, [d, , ...e]) => [c, rest, d, e]",
      [{ a: {}, x: 9 }, [1, 2, 3]],
      [1, { x: 9 }, 1, [3]],
    ],
    [
      "destructuring assignment",
      "(p) => { let a, b; [a, { b = 5 }] = p; for ({ a } of [{ a: 7 }]); return [a, b]; }",
      [[1, {}]],
      [7, 5],
    ],
    [
      "nested functions and hoisting",
      "(n) => { return twice(n) + v; function twice(x) { return x * 2; } var v; }",
      [2],
      Number.NaN,
    ],
    ["closure over a later const", "() => { const get = () => late; const late = 3; return get(); }", [], 3],
    ["shadowing", "(x) => { { let x = 1; x++; } for (const x of [5]) x; return x; }", [2], 2],
    [
      "catch parameter",
      "(x) => { try { null.f(); } catch ({ message: m }) { return m.length > 0 && x; } }",
      [4],
      4,
    ],
    ["catch without parameter", "(x) => { try { null.f(); } catch { return x; } }", [4], 4],
    [
      "labels",
      "() => { let n = 0; outer: for (;;) { for (;;) { if (++n > 3) break outer; continue outer; } } return n; }",
      [],
      4,
    ],
    [
      "named function expression inside",
      "() => (function down(n) { return n ? down(n - 1) : 'end'; })(3)",
      [],
      "end",
    ],
    [
      "classes, private members, statics",
      `(v) => {
        class Base { static #made = 0; static { this.start = 10; } get() { return new.target === undefined && this.#v; }
          #v; constructor(x) { this.#v = x; Base.#made++; } static made() { return Base.#made; } has(o) { return #v in o; } }
        const Sub = class Own extends Base { extra = this.get() * 2; clone() { return new Own(super.get()); } };
        const s = new Sub(v).clone(); return [s.get(), s.extra, Base.made(), Base.start, s.has(s)];
      }`,
      [3],
      [3, 6, 2, 10, true],
    ],
    [
      "object shorthand, methods, accessors",
      "(a) => { const o = { a, m() { return this.a; }, get g() { return this.m(); } }; return o.g; }",
      [6],
      6,
    ],
    ["computed key", "(k) => ({ [k]: 1, [`${k}2`]: 2 })", ["a"], { a: 1, a2: 2 }],
    ["template literals", "(a) => ((s, ...v) => s.raw.join('|') + v)`x${a}\\n`", [1], "x|\\n1"],
    ["optional chaining", "(o) => [o?.a?.[0]?.(), o.b?.c]", [{ a: [() => 7] }], [7, undefined]],
    ["property names are no variables", "(o) => o.helper + o['other']", [{ helper: 1, other: 2 }], 3],
    ["regular expressions", "(s) => /helper\\/(?<year>\\d+)[}]/u.exec(s).groups.year", ["helper/19}"], "19"],
    [
      "logical assignment, exponent, bigint",
      "(a) => { a ??= 2n; a **= 3n; return String(a); }",
      [undefined],
      "8",
    ],
    ["sequence, void, comma, spread", "(...xs) => (void 0, Math.max(...xs))", [1, 5], 5],
    [
      "switch scope",
      "(x) => { switch (x) { case 1: let y = 2; return y; default: y = 3; } return x; }",
      [1],
      2,
    ],
    ["own arguments", "function () { return arguments.length; }", [1, 2, 3], 3],
    ["own arguments through an arrow", "function () { return (() => arguments[1])(); }", [1, 2], 2],
    ["arguments of a nested function", "(a) => (function () { return arguments[0]; })(a)", [3], 3],
    ["this of a nested function", "(a) => (function () { return this.v; }).call({ v: a })", [3], 3],
    ["new.target of its own", "function () { return new.target; }", [], undefined],
    [
      "word inside a string or a comment",
      "() => 'this helper' /* this.helper import.meta */",
      [],
      "this helper",
    ],
    ["injected-looking local", "() => { const __name = 4; return __name; }", [], 4],
    ["kernel with comments in its head", "(/* a) => */ a, // b\n b) => a - b", [3, 1], 2],
  ])("%s", (_, expression, args, expected) => {
    expect(compile(evaluate(expression))(...args)).toEqual(expected);
  });

  it("compiles async kernels", async () => {
    expect(await compile(evaluate("async (a) => (await a) + 1"))(Promise.resolve(1))).toBe(2);
    expect(await compile(evaluate("async function f(a) { for await (const v of a) return v; }"))([5])).toBe(
      5,
    );
    expect(await compile(evaluate("({ async sum(a) { return await a; } }).sum"))(4)).toBe(4);
  });

  it("returns the text itself if nothing has to be added", () => {
    expect(readKernelSource(evaluate("(a) => a  +  1")).source).toBe("(a) => a  +  1");
  });
});

describe("methods", () => {
  it.each<[string, string]>([
    ["object method", "({ sum(a, b) { return a + b; } }).sum"],
    ["static class method", "(class { static sum(a, b) { return a + b; } }).sum"],
    ["prototype method", "(class { sum(a, b) { return a + b; } }).prototype.sum"],
    ["string key", '({ "my sum"(a, b) { return a + b; } })["my sum"]'],
    ["number key", "({ 12(a, b) { return a + b; } })[12]"],
    ["computed key", "({ [Symbol.iterator](a, b) { return a + b; } })[Symbol.iterator]"],
    ["computed key that uses a variable", "((key) => ({ [key + 1](a, b) { return a + b; } }).x1)('x')"],
    [
      "computed key that uses arguments",
      "(function () { return { [arguments[0]](a, b) { return a + b; } }.x; })('x')",
    ],
    ["private method", "(class C { static #sum(a, b) { return a + b; } static get = () => C.#sum; }).get()"],
    ["key named async", "({ async(a, b) { return a + b; } }).async"],
    ["key named function", "({ function(a, b) { return a + b; } }).function"],
    ["key named class", "({ class(a, b) { return a + b; } }).class"],
    ["key named get", "({ get(a, b) { return a + b; } }).get"],
    ["key named constructor", "({ constructor(a, b) { return a + b; } }).constructor"],
    ["default and rest parameters", "({ sum(a, ...[b = 0]) { return a + b; } }).sum"],
  ])("%s", (_, expression) => {
    expect(compile(evaluate(expression))(2, 3)).toBe(5);
  });

  it("does not let a method's name become a variable of its body", () => {
    expect(capturesOf(evaluate("({ sum(a) { return a ? sum(a - 1) : 0; } }).sum"))).toEqual(["sum"]);
  });

  it("reports what the body captures and not what the key does", () => {
    expect(capturesOf(evaluate("((key) => ({ [key](a) { return a * rate; } }).x)('x')"))).toEqual(["rate"]);
  });
});

describe("captures", () => {
  it.each<[string, string, string[]]>([
    ["one variable", "(a) => a * rate", ["rate"]],
    [
      "each once, in order of first use",
      "(a) => { const f = () => z(b); f(); return b + y + z(x); }",
      ["z", "b", "y", "x"],
    ],
    [
      "order across nested scopes",
      "(a) => { if (a) { function f() { return inner; } } return outer; }",
      ["inner", "outer"],
    ],
    ["called", "(a) => helper(a)", ["helper"]],
    ["constructed", "(a) => new Helper(a)", ["Helper"]],
    ["assigned", "(a) => { total = a; }", ["total"]],
    ["incremented", "() => { count++; }", ["count"]],
    ["deeply assigned", "(a) => { cache.x[0] = a; }", ["cache"]],
    ["destructured into", "(a) => { [first, { b: second }] = a; }", ["first", "second"]],
    ["typeof", "() => typeof settings", ["settings"]],
    ["shorthand", "() => ({ rate })", ["rate"]],
    ["default parameter", "(a, b = fallback) => b", ["fallback"]],
    ["default parameter sees no body variable", "(a = late) => { var late = 1; return a + late; }", ["late"]],
    ["default in destructuring", "({ a = dflt }) => a", ["dflt"]],
    ["computed key", "({ [key]: a }) => a", ["key"]],
    ["template", "() => `${text}`", ["text"]],
    ["tag", "() => tag`x`", ["tag"]],
    ["superclass", "() => class extends Base {}", ["Base"]],
    [
      "class field and static block",
      "() => class { a = one; static { two; } [three] = 1; }",
      ["one", "two", "three"],
    ],
    ["own name of an inner function", "() => { (function inner() {})(); return inner; }", ["inner"]],
    ["block scope over", "() => { { let x = 1; x; } return x; }", ["x"]],
    ["function in a block is local to it", "() => { { function f() {} } return f; }", ["f"]],
    ["catch parameter over", "() => { try {} catch (e) {} return e; }", ["e"]],
    ["loop variable over", "() => { for (let i = 0; i < 1; i++); return i; }", ["i"]],
    ["for target", "(a) => { for (item of a); }", ["item"]],
    ["shadowed elsewhere", "() => [((x) => x)(1), x]", ["x"]],
    ["dynamic import's operands", "() => import(path, options)", ["path", "options"]],
    ["spread", "() => [...list]", ["list"]],
    ["optional call", "() => hook?.()", ["hook"]],
    ["next to eval", "() => { const local = 1; eval('local'); return local + far; }", ["far"]],
    [
      "names of Object.prototype",
      "() => toString() + valueOf + constructor",
      ["toString", "valueOf", "constructor"],
    ],
    ["a Node module variable", "() => __filename", ["__filename"]],
    ["a user's helper named like a counter", "(a) => cov_matrix(a)", ["cov_matrix"]],
    ["a user's value named like a counter", "() => cov_1().x", ["cov_1"]],
    ["a user's value named like the name helper", "() => __name", ["__name"]],
    ["a user's function named like the name helper", "(a) => __name(a)", ["__name"]],
    ["the name helper passed on", "(a) => a(__name, 1)", ["__name"]],
    ["a user's function named like a counter", "(a) => cov_1(a).s", ["cov_1"]],
    ["await as a name", "() => await", ["await"]],
  ])("%s", (_, expression, variables) => {
    expect(capturesOf(evaluate(expression))).toEqual(variables);
  });

  it("names the kernel, or quotes its beginning", () => {
    expect(() => readKernelSource(evaluate("function sum(a) { return a * rate }"))).toThrow(
      'Cannot send kernel "sum" to workers as it captures "rate" from the scope around it',
    );
    expect(() => readKernelSource(evaluate("(a)  =>\n a * rate"))).toThrow('kernel "(a) => a * rate" to');
  });
});

describe("refusals", () => {
  class Example {
    get value() {
      return 1;
    }
    set value(_v) {}
  }
  const accessor = Object.getOwnPropertyDescriptor(Example.prototype, "value");
  it.each<[string, unknown, RegExp]>([
    ["number", 42, /must be a function: current value is 42; pass/],
    ["string", "(a) => a", /current value is "\(a\) => a"; pass/],
    ["undefined", undefined, /current value is undefined; pass/],
    ["native function", Math.max, /"max" .* native function .* has no source: wrap its call/],
    ["proxy", new Proxy(() => 1, {}), /native function \(or a Proxy of one\)/],
    [
      "bound function",
      ((a: number) => a).bind(null),
      /bound function has no source: pass the function itself/,
    ],
    ["bound named function", Example.prototype.constructor.bind(null), /"bound Example" .* a bound function/],
    ["class", Example, /"Example" .* it is a class: pass a function that creates/],
    [
      "class with one method",
      class One {
        m() {
          return 1;
        }
      },
      /it is a class/,
    ],
    ["class with a superclass", evaluate("class A extends Array {}"), /it is a class/],
    [
      "generator",
      evaluate("function* g() { yield 1; }"),
      /"g" .* it is a generator: pass a function that returns an array/,
    ],
    ["async generator", evaluate("async function* () {}"), /it is a generator/],
    ["generator method", evaluate("({ *m() {} }).m"), /it is a generator/],
    ["async generator method", evaluate("({ async *m() {} }).m"), /it is a generator/],
    ["getter", accessor?.get, /"get value" .* it is a getter: wrap/],
    ["setter", accessor?.set, /"set value" .* it is a setter: wrap/],
    ["this in an arrow", evaluate("() => this.rate"), /uses "this" from outside: pass .* "args"/],
    ["this in a function", evaluate("function f() { return this; }"), /"f" .* uses "this"/],
    ["this in a method", evaluate("({ m(a) { return this.r * a; } }).m"), /"m" .* uses "this"/],
    ["this in a nested arrow", evaluate("function f() { return () => this; }"), /uses "this"/],
    ["this in a default parameter", evaluate("(a = this.x) => a"), /uses "this"/],
    ["this in a computed class key", evaluate("() => class { [this.k] = 1; }"), /uses "this"/],
    ["this in a superclass", evaluate("() => class extends this.Base {}"), /uses "this"/],
    [
      "super in a method",
      evaluate("({ m() { return super.m(); } }).m"),
      /uses "super" from outside: call a function/,
    ],
    ["super in an arrow", evaluate("({ m() { return () => super.x; } }).m()"), /uses "super"/],
    [
      "arguments in an arrow",
      evaluate("(function () { return () => arguments[0]; })()"),
      /uses "arguments" .*\.\.\.rest/,
    ],
    ["new.target in an arrow", evaluate("(function () { return () => new.target; })()"), /uses "new.target"/],
    [
      "sloppy code: with",
      evaluate("function f(a) { with (a) {} }"),
      /"f" .* compiled as strict code .* 'with' in strict mode: rewrite/,
    ],
    ["sloppy code: octal", evaluate("() => 010"), /compiled as strict code/],
    [
      "sloppy code in a method",
      evaluate("({ m(a) { return delete a; } }).m"),
      /compiled as strict code .* Deleting local variable in strict mode: rewrite/,
    ],
    [
      "foreign private field",
      evaluate("(class { #p = 1; static read = (o) => o.#p; }).read"),
      /Private field '#p'/,
    ],
    [
      "super call",
      evaluate("new (class extends Array { constructor() { super(); this.f = () => super(); } })().f"),
      /super\(\) call/,
    ],
  ])("%s", (_, value, message) => {
    expect(() => readKernelSource(value)).toThrow(TypeError);
    expect(() => readKernelSource(value)).toThrow(message);
    expect(() => readKernelSource(value)).toThrow(/^Cannot use .* as a kernel as /);
  });

  it("reads what the function is, not what it says it is", () => {
    const fn = Object.assign((a: number) => a + 1, { toString: () => "(a) => a * rate" });
    expect(compile(fn)(1)).toBe(2);
  });
});

describe("stateful", () => {
  it.each<[boolean, string]>([
    [false, "(a) => a.map(Math.sqrt)"],
    [false, "function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }"],
    [false, "(a) => { const global = a; global.x = 1; return global; }"],
    [false, "(a) => { const Math = {}; Math.x = a; return Math; }"],
    [false, "() => performance.now() + crypto.randomUUID().length"],
    [false, "(a) => new Float64Array(a.length).fill(Number.MAX_VALUE).constructor"],
    [false, "(a) => { const out = { globalThis: a }; return out.globalThis; }"],
    [false, "(a) => { a.scale = Math.PI; return a; }"],
    [false, "() => -Math.PI"],
    [false, "(a) => { a[Infinity] = 1; return a; }"],
    [true, "() => globalThis.cache"],
    [true, "() => global.cache"],
    [true, "() => process.pid"],
    [true, "() => typeof globalThis"],
    [true, "(a) => { const f = () => ({ ...globalThis }); return f(); }"],
    [true, "() => import('node:os')"],
    [true, "(s) => eval(s)"],
    [true, "(s) => (0, eval)(s)"],
    [true, "(s) => new Function(s)"],
    [true, "(s) => Function.prototype.constructor(s)"],
    [true, "(a) => { Math.cache = a; }"],
    [true, "(a) => { Float64Array.prototype.last ??= a; }"],
    [true, "() => { Math.count++; }"],
    [true, "() => { delete Array.prototype.flat; }"],
    [false, "(a) => structuredClone(atob(a))"],
    [true, "(a) => { NaN = a; }"],
    [true, "(a) => { [Math] = a; }"],
    [true, "function f(a) { f.last ??= a; return f.last; }"],
    [true, "function f(a) { const self = f; return self; }"],
    [true, "() => new Promise((done) => setTimeout(done, 1))"],
  ])("%s: %s", (stateful, expression) => {
    expect(readKernelSource(evaluate(expression)).stateful).toBe(stateful);
  });
});

describe("globals", () => {
  const names = ["sharrayRate", "sharrayTable", "sharrayGetter", "sharrayBound", "Float16Array", "Temporal"];
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  afterEach(() => {
    for (const [i, name] of names.entries()) {
      Reflect.deleteProperty(globalThis, name);
      const property = before[i];
      if (property !== undefined) Object.defineProperty(globalThis, name, property);
    }
  });
  const define = (name: string, property: PropertyDescriptor): void => {
    Object.defineProperty(globalThis, name, { configurable: true, ...property });
  };

  it("of the program are captures, as workers have none of them", () => {
    const kernel = evaluate("(a) => sharrayTable.get(a) * sharrayRate * sharrayGetter * sharrayBound()");
    const all = ["sharrayTable", "sharrayRate", "sharrayGetter", "sharrayBound"];
    expect(capturesOf(kernel)).toEqual(all);
    Object.assign(globalThis, { sharrayTable: new Map() });
    // As test tools define what they simulate.
    define("sharrayRate", { value: 3 });
    define("sharrayGetter", { get: () => 3 });
    define("sharrayBound", { value: Math.max.bind(null) });
    expect(capturesOf(kernel)).toEqual(all);
    expect(capturesOf(evaluate("() => typeof sharrayRate"))).toEqual(["sharrayRate"]);
    expect(capturesOf(evaluate("() => { sharrayRate = 2; }"))).toEqual(["sharrayRate"]);
  });

  it("of the language that a library replaces are captures if workers have none", () => {
    class Float16Array {}
    define("Float16Array", { value: Float16Array, writable: true });
    expect(capturesOf(evaluate("() => new Float16Array(1)"))).toEqual(["Float16Array"]);
    define("Temporal", { value: { Now: {} }, writable: true });
    expect(capturesOf(evaluate("() => Temporal.Now"))).toEqual(["Temporal"]);
  });

  it("of every thread stay what they are if a test tool has replaced them", () => {
    vi.useFakeTimers();
    const [date, timer, clock] = [
      "() => new Date()",
      "() => setTimeout(() => {})",
      "() => performance.now()",
    ].map((text) => capturesOf(evaluate(text)));
    vi.useRealTimers();
    expect([date, timer, clock]).toEqual([[], [], []]);
  });
});

describe("names and the cache", () => {
  it.each<[string, unknown, string]>([
    ["function", evaluate("function sum() {}"), "sum"],
    ["variable", evaluate("(() => { const total = (a) => a; return total; })()"), "total"],
    ["method", evaluate('({ "my sum"() {} })["my sum"]'), "my sum"],
    ["none", evaluate("(a) => a"), "kernel"],
    ["several lines", evaluate('({ ["a\\nb"]() {} })["a\\nb"]'), "a b"],
    ["not a string", Object.defineProperty(() => 1, "name", { value: 7 }), "kernel"],
  ])("name: %s", (_, fn, name) => {
    expect(readKernelSource(fn).name).toBe(name);
  });

  it("returns the same object for the same text and the right name for another function", () => {
    const [a, b, c] = evaluate(
      "[0, 0, 1].map((n) => { const x = (q) => q - 31; const y = (q) => q - 31; return n ? y : x; })",
    ) as Callable[];
    expect(a).not.toBe(b);
    expect(readKernelSource(b)).toBe(readKernelSource(a));
    expect(readKernelSource(c)).toEqual({ ...readKernelSource(a), name: "y" });
  });

  it("forgets texts that were not used while a thousand others were", () => {
    const [kernel, hot] = [evaluate("(a) => a + 0.5"), evaluate("(a) => a + 0.75")];
    const [first, kept] = [readKernelSource(kernel), readKernelSource(hot)];
    for (let i = 0; i < 1000; i++) {
      readKernelSource(evaluate(`(a) => a + ${i} + 0.25`));
      if (i === 400) expect(readKernelSource(kernel)).toBe(first);
      expect(readKernelSource(hot)).toBe(kept);
    }
    readKernelSource(evaluate("(a) => a + 0.125"));
    for (let i = 0; i < 1000; i++) readKernelSource(evaluate(`(a) => a + ${i} + 0.375`));
    expect(readKernelSource(kernel)).not.toBe(first);
    expect(readKernelSource(kernel)).toEqual(first);
    expect(readKernelSource(hot)).not.toBe(kept);
  });

  it("tells long texts of the same length apart", () => {
    const long = (n: number): unknown => evaluate(`(a) => { /*${" ".repeat(20_000)}*/ return a + ${n}; }`);
    const sources = [1, 2, 3, 1].map((n) => readKernelSource(long(n)));
    expect(sources.map(({ source }) => source.slice(-7))).toEqual(
      ["a + 1; }", "a + 2; }", "a + 3; }", "a + 1; }"].map((end) => end.slice(-7)),
    );
    expect(sources[3]).toBe(sources[0]);
  });
});

describe("tools that rewrite kernels", () => {
  const kernelText = `(values, { args } = { args: { rate: 2 } }) => {
    const scale = (v) => v * args.rate;
    function add(a, b) { return a + b; }
    class Sum { static zero = 0; value = Sum.zero; push(v) { this.value = add(this.value, v); return this; } }
    const sum = new Sum();
    for (const v of values) sum.push(scale(v));
    return [sum.value, scale.name, add.name, Sum.name];
  }`;

  it("Vitest: reports imports by the names they have in the source", () => {
    const kernel = (value: unknown) => [quote(value), KernelCaptureError.name, quote(1)];
    expect(String(kernel)).toContain("__vite_ssr_import_");
    expect(capturesOf(kernel)).toEqual(["quote", "KernelCaptureError"]);
  });

  it("Vitest: reports import.meta, in its place", () => {
    const kernel = (value: unknown) => [fromHere, import.meta.url, quote(value)];
    expect(String(kernel)).toContain("__vite_ssr_import_meta__");
    expect(capturesOf(kernel)).toEqual(["fromHere", "import.meta", "quote"]);
  });

  it("Vitest: runs kernels that import", () => {
    const kernel = async () => (await import("node:path")).sep;
    expect(String(kernel)).toContain("__vite_ssr_dynamic_import__");
    const { source, stateful } = readKernelSource(kernel);
    expect(stateful).toBe(true);
    // Vitest gives its own modules no way to import from compiled text; a worker's entry has one.
    const program = `console.log(await (new Function(${JSON.stringify(`return (${source})`)})())())`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    expect(printed.trim()).toBe(sep);
  });

  it("other forms of Vite's imports are reported", () => {
    const forms =
      "() => [__vi_import_0__.mocked, __vite_ssr_import_3__['a-b'], __vite_ssr_import_12__, (0, __vite_ssr_import_1__.f)()]";
    expect(capturesOf(evaluate(forms))).toEqual(["mocked", "a-b", "import *", "f"]);
  });

  it("import.meta in an untouched module is reported", () => {
    const program = "console.log(String((a) => [later, import.meta.url, a]))";
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    // Such a function cannot be made outside a module, so this one only prints like it.
    const original = Function.prototype.toString;
    const kernel = () => 1;
    try {
      Function.prototype.toString = function (this: unknown) {
        return this === kernel ? printed.trim() : original.call(this);
      };
      expect(capturesOf(kernel)).toEqual(["later", "import.meta"]);
    } finally {
      Function.prototype.toString = original;
    }
  });

  it("tsx's name helpers are supplied", () => {
    const directory = mkdtempSync(join(tmpdir(), "sharray-"));
    try {
      const file = join(directory, "kernel.mts");
      writeFileSync(
        file,
        `const kernel = ${kernelText.replace("(v)", "(v: number)")};\nconsole.log(String(kernel));`,
      );
      const printed = execFileSync(process.execPath, [fromHere.resolve("tsx/cli"), file], {
        encoding: "utf8",
      });
      expect(printed).toContain("__name(");
      expect(compile(evaluate(printed.trim()))([1, 2, 3])).toEqual([12, "scale", "add", "Sum"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  interface Esbuild {
    transformSync(text: string, options: Record<string, unknown>): { readonly code: string };
  }
  const esbuild = createRequire(fromHere.resolve("tsx/cli"))("esbuild") as Esbuild;
  function transform(options: Record<string, unknown>): unknown {
    const { code } = esbuild.transformSync(`export const kernel = ${kernelText};`, {
      format: "cjs",
      ...options,
    });
    const module: { exports: { kernel?: unknown } } = { exports: {} };
    new Function("module", "exports", code)(module, module.exports);
    return module.exports.kernel;
  }

  it("esbuild's minified kernels run", () => {
    const kernel = transform({ minify: true });
    expect(String(kernel)).not.toContain("scale");
    expect(compile(kernel)([1, 2, 3])).toHaveProperty("0", 12);
  });

  it.each<[string, Record<string, unknown>]>([
    ["names kept", { keepNames: true }],
    ["names kept, the rest minified", { keepNames: true, minifyWhitespace: true, minifySyntax: true }],
  ])("esbuild: %s", (_, options) => {
    const kernel = transform(options);
    expect(String(kernel)).toContain("__name(");
    expect(compile(kernel)([1, 2, 3])).toEqual([12, "scale", "add", "Sum"]);
  });

  it("esbuild's helpers for old targets are named", () => {
    expect(capturesOf(transform({ target: "es2020" }))).toEqual(["__publicField"]);
  });

  it("esbuild's second name helper of one bundle is supplied", () => {
    const kernel = evaluate(
      '(a) => { const f = __name2(__name2((v) => v * 2, "twice"), "doubled"); return [f(a), f.name]; }',
    );
    expect(compile(kernel)(2)).toEqual([4, "doubled"]);
    expect(readKernelSource(kernel).stateful).toBe(false);
  });

  it("minified kernels report what they capture by its short name", () => {
    expect(capturesOf(evaluate("e=>{let t=0;for(const n of e)t+=r(n)*o;return t}"))).toEqual(["r", "o"]);
  });

  it.each<[string, string]>([
    [
      "statements, functions, branches",
      "(a,b=(cov_2ab9().b[0][0]++,3))=>{cov_2ab9().f[0]++;cov_2ab9().s[1]++;if((cov_2ab9().b[2][0]++,a>1)&&(cov_2ab9().b[2][1]++,b)){cov_2ab9().b[1][0]++;cov_2ab9().s[4]++;return a+b;}else{cov_2ab9().b[1][1]++;}return 0;}",
    ],
    [
      "logic",
      "(a,b=3)=>(cov_2ab9().b[3][0]++,cov_2ab9().cov_2ab9_temp=a,(cov_2ab9().cov_2ab9_temp?cov_2ab9().bT[3][0]++:null),cov_2ab9().cov_2ab9_temp)+b",
    ],
    [
      "of two files, with a name helper",
      '(a)=>{cov_1().s[0]++;cov_Z9().s[1]++;const f=__name((v)=>v+3,"f");return f(a);}',
    ],
  ])("istanbul counters: %s", (_, expression) => {
    const kernel = evaluate(expression);
    expect(compile(kernel)(2)).toBe(5);
    expect(compile(kernel)(4)).toBe(7);
    expect(readKernelSource(kernel).stateful).toBe(false);
  });

  it("istanbul's counters are supplied beside a capture", () => {
    expect(capturesOf(evaluate("(a) => { cov_1().s[0]++; return a * rate; }"))).toEqual(["rate"]);
  });
});

describe("a global that a variable around the kernel hides", () => {
  it("is a capture, though its name is one of a global", () => {
    const make = () => {
      const performance = { twice: (x: number) => 2 * x };
      return (x: number) => performance.twice(x) + Number.parseInt("1", 10);
    };
    expect(() => readKernelSource(make())).toThrow(KernelCaptureError);
    expect(() => readKernelSource(make())).toThrow('captures "performance" from');
  });

  it("is found if the same text was in another place before", () => {
    const plain = new Function("return (x) => performance.twice(x) * 3")() as object;
    expect(readKernelSource(plain).name).toBe("kernel");
    const hiding = new Function("performance", "return (x) => performance.twice(x) * 3")({}) as object;
    expect(() => readKernelSource(hiding)).toThrow('captures "performance" from');
  });

  it("is none if another function has the variable", () => {
    const other = () => {
      const structuredClone = { text: "mine" };
      return () => structuredClone.text;
    };
    expect(other()()).toBe("mine");
    expect(readKernelSource((x: unknown) => structuredClone([x])).name).toBe("kernel");
  });

  it("is none if the kernel itself declares it", () => {
    const kernel = (x: number) => {
      const performance = { half: (y: number) => y / 2 };
      return performance.half(x);
    };
    expect(readKernelSource(kernel).name).toBe("kernel");
  });
});
