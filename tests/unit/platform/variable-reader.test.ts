import { createHook } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { variableReader } from "../../../src/platform/variable-reader.js";

interface Deep {
  readonly a: { readonly b?: number };
}

const ran: string[] = [];
let level = 1;
const raise = () => (level += 1);

describe("a reader of variables", () => {
  it("tells what they are now", () => {
    const read = variableReader(() => level, ["level"]);
    expect(read?.()).toEqual({ level });
    raise();
    expect(read?.()).toEqual({ level });
  });

  it("tells closures of one function apart", () => {
    const make = (rate: number) => ({ fn: () => rate, set: (to: number) => (rate = to) });
    const [one, two] = [make(1), make(2)];
    const readers = [one, two].map(({ fn }) => variableReader(fn, ["rate"]));
    one.set(10);
    expect(readers.map((read) => read?.())).toEqual([{ rate: 10 }, { rate: 2 }]);
  });

  it("throws while a variable has no value", () => {
    const make = () => {
      const read = variableReader(() => late, ["late"]);
      expect(read).toBeDefined();
      expect(read).toThrow(ReferenceError);
      const late = 1;
      return read?.();
    };
    expect(make()).toEqual({ late: 1 });
  });

  const base = 3;
  const raw = (...parts: unknown[]) => ran.push(`${parts}`);
  const effect = (name: string) => {
    ran.push(name);
    return base;
  };
  it.each<[string, object]>([
    ["an arrow function", () => effect("arrow") + base],
    [
      "statements",
      () => {
        effect("statement");
        return base;
      },
    ],
    [
      "a function",
      function named() {
        return effect("named") + base;
      },
    ],
    [
      "a method",
      {
        method() {
          return effect("method") + base;
        },
      }.method,
    ],
    ["an async function", async () => effect("async") + base],
    [
      "one that awaits",
      async () => {
        await effect("await");
        return base;
      },
    ],
    [
      "default values",
      (x = effect("default"), { y = effect("deep") }: { readonly y?: number } = {}) => [x, y, base],
    ],
    [
      "patterns",
      ({ a: { b = effect("b") } }: Deep, [c = effect("c"), ...rest]: readonly number[]) => [b, c, rest, base],
    ],
    ["computed keys", ({ [effect("key")]: x }: readonly number[]) => [x, base]],
    ["rest parameters", (...all: number[]) => [effect("rest"), all, base]],
    [
      "a loop without end",
      () => {
        for (;;) effect("loop");
      },
    ],
    ["an assignment", () => (ran[0] = `${base}`)],
    ["a tagged template", () => raw`${effect("raw")}${base}`],
    [
      "a throw",
      () => {
        throw new Error(`${effect("throw")} ${base}`);
      },
    ],
    [
      "try",
      () => {
        try {
          return effect("try");
        } finally {
          effect("finally");
        }
      },
    ],
  ])("runs none of the function's code: %s", (_, fn) => {
    expect(variableReader(fn, ["base"])?.()).toEqual({ base: 3 });
    expect(ran).toEqual([]);
  });

  it("leaves the function as it is", async () => {
    const rate = 2;
    const fn = async (x: number) => x * rate;
    expect(variableReader(fn, ["rate"])).toBeDefined();
    expect(await Promise.all([1, 2].map(fn))).toEqual([2, 4]);
  });

  it("is there for names of all kinds", () => {
    const names = ["__proto__", "ab", "ü", "process", "globalThis", "Symbol"];
    const declared = names.map((name, i) => `const ${name} = ${i};`).join("");
    const fn = new Function(`${declared} return () => [${names}];`)() as () => unknown;
    expect(Object.entries(variableReader(fn, names)?.() ?? {})).toEqual(names.map((name, i) => [name, i]));
  });

  it("ends the function though the program has hooks that run meanwhile, or is not made", () => {
    const rate = 2;
    const hook = createHook({ after: () => void ran.push("hook") }).enable();
    const read = variableReader(() => effect("hooked") + rate, ["rate"]);
    hook.disable();
    expect(ran).not.toContain("hooked");
    expect([undefined, { rate: 2 }]).toContainEqual(read?.());
    ran.length = 0;
  });
});
