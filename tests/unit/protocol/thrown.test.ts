import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { packThrown, type Thrown, unpackThrown } from "../../../src/protocol/thrown.js";
import { onShared } from "../arbitraries.js";

/** As an error arrives that was thrown on another thread. */
function travel(thrown: unknown): unknown {
  return unpackThrown(structuredClone(packThrown(thrown)));
}

function travelError<E extends Error>(error: E): E {
  const arrived = travel(error);
  expect(arrived).toBeInstanceOf(Error);
  return arrived as E;
}

describe("a thrown error", () => {
  it.each([
    ["Error", Error],
    ["EvalError", EvalError],
    ["RangeError", RangeError],
    ["ReferenceError", ReferenceError],
    ["SyntaxError", SyntaxError],
    ["TypeError", TypeError],
    ["URIError", URIError],
  ])("%s keeps class, message and stack", (name, Class) => {
    const error = new Class("went wrong");
    const arrived = travelError(error);
    expect(Object.getPrototypeOf(arrived)).toBe(Class.prototype);
    expect(arrived).toMatchObject({ name, message: "went wrong", stack: error.stack });
    expect(Object.keys(arrived)).toEqual([]);
    expect(Object.hasOwn(arrived, "cause")).toBe(false);
  });

  it("of another realm arrives as one of this realm", () => {
    const thrown = runInNewContext(
      `Object.assign(new RangeError("too far", { cause: new TypeError("why") }), { limit: 3 })`,
    ) as RangeError;
    expect(thrown).not.toBeInstanceOf(Error);
    const arrived = travelError(thrown);
    expect(Object.getPrototypeOf(arrived)).toBe(RangeError.prototype);
    expect(arrived).toMatchObject({ name: "RangeError", message: "too far", stack: thrown.stack, limit: 3 });
    expect(arrived.cause).toEqual(new TypeError("why"));
    const mine = travelError(runInNewContext("new (class Mine extends URIError {})('x')") as Error);
    expect(mine).toBeInstanceOf(URIError);
    expect(mine.name).toBe("Mine");
    const several = travelError(runInNewContext("new AggregateError([new EvalError('a')], 'b')") as Error);
    expect(several).toBeInstanceOf(AggregateError);
    expect((several as AggregateError).errors).toEqual([new EvalError("a")]);
  });

  it("of a subclass arrives as its built-in base, under its own name", () => {
    class TooFar extends RangeError {
      readonly limit = 3;
    }
    class MuchTooFar extends TooFar {}
    const arrived = travelError(new MuchTooFar("x"));
    expect(arrived).toBeInstanceOf(RangeError);
    expect(arrived.name).toBe("MuchTooFar");
    expect(arrived.limit).toBe(3);
    expect(String(arrived)).toBe("MuchTooFar: x");
  });

  it("has the name that was set rather than its class's", () => {
    class Named extends Error {
      override name = "Chosen";
    }
    expect(travelError(new Named("x")).name).toBe("Chosen");
    const error = Object.assign(new Error("x"), { name: "Assigned" });
    expect(travelError(error).name).toBe("Assigned");
  });

  it("may have a name that every object has, too", () => {
    const odd = Object.assign(new Error("x"), { name: "toString" });
    expect(travelError(odd).name).toBe("toString");
  });

  it("has its base's name if its class has none", () => {
    const error = new (class extends TypeError {})("x");
    expect(travelError(error).name).toBe("TypeError");
  });

  it("brings own fields, enumerable, as copies", () => {
    const details = { row: 3, values: [1n, new Date(0)], array: new Float64Array([1]) };
    const error = Object.assign(new Error("x"), { code: "E_ROW", details, none: undefined });
    const arrived = travelError(error);
    expect(arrived.code).toBe("E_ROW");
    expect(arrived.details).toEqual(details);
    expect(Object.keys(arrived)).toEqual(["code", "details", "none"]);
    details.row = 9;
    expect(arrived.details.row).toBe(3);
  });

  it("has fields described that cannot be cloned", () => {
    const arrived = travelError(
      Object.assign(new Error("x"), { retry() {}, token: Symbol("t"), socket: { on() {} }, code: 5 }),
    );
    expect({ ...arrived }).toEqual({
      retry: "[function retry]",
      token: "[Symbol(t)]",
      socket: "[object with keys on]",
      code: 5,
    });
  });

  it("arrives without a field that cannot even be described", () => {
    const bare = Object.assign(Object.create(null) as object, { f() {} });
    const arrived = travelError(Object.assign(new TypeError("keep me"), { bare, code: 5 }));
    expect(arrived).toBeInstanceOf(TypeError);
    expect(arrived).toMatchObject({ message: "keep me", code: 5 });
  });

  it("arrives without a field that is a function without a readable name", () => {
    const fn = Object.defineProperty(() => {}, "name", { value: Symbol("n") });
    expect(travelError(Object.assign(new TypeError("keep me"), { fn })).message).toBe("keep me");
  });

  it("arrives without a field whose getter throws", () => {
    const error = Object.defineProperty(new TypeError("keep me"), "lazy", {
      enumerable: true,
      get() {
        throw new Error("hostile");
      },
    });
    expect(travelError(error).message).toBe("keep me");
  });

  it("hands out no shared memory of a field", () => {
    const data = onShared(new Float64Array([1]));
    const arrived = travelError(Object.assign(new Error("x"), { data }));
    if (arrived.data instanceof Float64Array) arrived.data[0] = 9;
    expect(data[0]).toBe(1);
  });

  it("may have an odd message, name and stack", () => {
    const error = new Error("x");
    Object.defineProperty(error, "stack", { value: undefined });
    expect(travelError(error).stack).toBeUndefined();
    const nameless = new Error("x");
    // Made now: from a name that is a symbol Node cannot make one.
    expect(nameless.stack).toContain("x");
    Object.assign(nameless, { message: 5, name: Symbol("n") });
    expect(travelError(nameless)).toMatchObject({ message: "5", name: "Symbol(n)" });
    const bare = new Error("bare");
    Object.setPrototypeOf(bare, Object.create(Error.prototype, { constructor: { value: undefined } }));
    expect(travelError(bare)).toMatchObject({ name: "Error", message: "bare" });
  });

  it("may have a field __proto__", () => {
    const error = new Error("x");
    Object.defineProperty(error, "__proto__", { value: { polluted: 1 }, enumerable: true });
    const arrived = travelError(error);
    expect(arrived).toBeInstanceOf(Error);
    expect((arrived as unknown as { polluted?: number }).polluted).toBeUndefined();
  });

  it("is left alone if it is frozen, and can be changed once it has arrived", () => {
    const error = Object.freeze(Object.assign(new Error("x"), { code: 1 }));
    const arrived = travelError(error) as Error & { code: number };
    expect(arrived).toMatchObject({ message: "x", code: 1 });
    arrived.code = 2;
    arrived.stack = "mine";
    arrived.name = "Mine";
    expect(String(arrived)).toBe("Mine: x");
  });

  it.each(["name", "message", "stack", "cause", "errors"])(
    "a getter of %s that throws does not cost the rest",
    (part) => {
      const error = Object.assign(new AggregateError([new TypeError("one")], "kept", { cause: "why" }), {
        code: 5,
      });
      const { stack } = error;
      Object.defineProperty(error, part, {
        get() {
          throw new Error("hostile");
        },
      });
      const arrived = travelError(error);
      const expected: Record<string, unknown> = {
        name: "AggregateError",
        message: "kept",
        stack,
        cause: "why",
        errors: [new TypeError("one")],
        code: 5,
      };
      if (part === "message") expected["message"] = "[a message that cannot be read]";
      else if (part === "name") expected["name"] = "Error";
      else if (part === "errors") expected["errors"] = [];
      else expected[part] = undefined;
      expect(
        Object.fromEntries(Object.keys(expected).map((key) => [key, arrived[key as "message"]])),
      ).toEqual(expected);
    },
  );

  it("brings the first thousand of very many fields", () => {
    const error = new Error("many");
    for (let i = 0; i < 100_000; i++) Object.assign(error, { [`field${i}`]: i });
    const arrived = travelError(error);
    expect(Object.keys(arrived)).toEqual(Array.from({ length: 1000 }, (_, i) => `field${i}`));
  });

  it("has huge strings cut, thrown by themselves or in a field", () => {
    const huge = "x".repeat(10_000_000);
    expect((travel(huge) as string).length).toBe(64 * 1024 + 3);
    expect(travelError(Object.assign(new Error("x"), { huge })).huge).toHaveLength(64 * 1024 + 3);
  });

  it("has a huge message cut", () => {
    const arrived = travelError(new Error("x".repeat(10_000_000)));
    expect(arrived.message.length).toBeLessThan(70_000);
    expect(arrived.message).toMatch(/^x+\.\.\.$/);
    expect((arrived.stack as string).length).toBeLessThan(70_000);
  });

  it("keeps name and message of a DOMException", () => {
    const arrived = travelError(new DOMException("stop", "AbortError"));
    expect(arrived).toMatchObject({ name: "AbortError", message: "stop" });
  });
});

describe("causes of a thrown error", () => {
  it("arrive with their classes, hidden as JavaScript has them", () => {
    const root = new RangeError("root");
    const error = new Error("top", { cause: new TypeError("middle", { cause: root }) });
    const arrived = travelError(error);
    expect(arrived.cause).toBeInstanceOf(TypeError);
    expect((arrived.cause as Error).cause).toBeInstanceOf(RangeError);
    expect((arrived.cause as Error).cause).toMatchObject({ message: "root", stack: root.stack });
    expect(Object.keys(arrived)).toEqual([]);
  });

  it("need not be errors", () => {
    expect(travelError(new Error("x", { cause: { row: 1 } })).cause).toEqual({ row: 1 });
    expect(travelError(new Error("x", { cause: null })).cause).toBeNull();
    expect(travelError(new Error("x", { cause: () => {} })).cause).toMatch(/^\[function/);
  });

  it("that form a ring end somewhere", () => {
    const [a, b] = [new Error("a"), new Error("b")];
    a.cause = b;
    b.cause = a;
    let arrived: unknown = travel(a);
    const messages: string[] = [];
    for (; arrived instanceof Error; arrived = arrived.cause) messages.push(arrived.message);
    expect(messages.slice(0, 4)).toEqual(["a", "b", "a", "b"]);
    expect(messages.length).toBeLessThanOrEqual(100);
  });

  it("of a long chain arrive as far as anybody reads", () => {
    let error = new Error("0");
    for (let i = 1; i < 1000; i++) error = new Error(String(i), { cause: error });
    const arrived = travelError(error);
    expect(arrived.message).toBe("999");
    expect((arrived.cause as Error).message).toBe("998");
  });
});

describe("an AggregateError", () => {
  it("brings its errors, whatever they are", () => {
    const error = new AggregateError([new TypeError("a"), "b", new AggregateError([new Error("c")])], "all");
    const arrived = travelError(error);
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.message).toBe("all");
    expect(arrived.errors).toHaveLength(3);
    expect(arrived.errors[0]).toBeInstanceOf(TypeError);
    expect(arrived.errors[1]).toBe("b");
    expect(arrived.errors[2].errors[0].message).toBe("c");
    expect(Object.keys(arrived)).toEqual([]);
  });

  it("that contains itself ends somewhere", () => {
    const error = new AggregateError([], "ring");
    error.errors.push(error);
    expect(travelError(error).errors[0].message).toBe("ring");
  });

  it("that contains itself twice does not explode", () => {
    const error = new AggregateError([], "ring");
    error.errors.push(error, error);
    let copies = 0;
    const count = (thrown: Thrown): void => {
      copies += 1;
      if (thrown.type === "error") thrown.errors?.forEach(count);
    };
    count(packThrown(error));
    expect(copies).toBeLessThan(1000);
  });

  it("of a subclass is known by its name", () => {
    class Several extends AggregateError {}
    const arrived = travelError(new Several([], "x"));
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.name).toBe("Several");
  });
});

describe("a thrown value that is no error", () => {
  it.each([[undefined], [null], [0], [-0], ["text"], [5n], [{ a: [1] }], [[1, 2]], [new Date(3)]])(
    "%o arrives as it is",
    (value) => {
      expect(travel(value)).toEqual(value);
    },
  );

  it("is described if it cannot be cloned", () => {
    expect(travel(function fit() {})).toBe("[function fit]");
    expect(travel(Symbol("s"))).toBe("[Symbol(s)]");
    expect(travel({ f() {} })).toBe("[object with keys f]");
  });

  it("is not handed out if it is shared memory", () => {
    const data = onShared(new Float64Array([1]));
    const arrived = travel(data);
    if (arrived instanceof Float64Array) arrived[0] = 9;
    expect(data[0]).toBe(1);
  });

  it("is said to be unreadable if it is", () => {
    const { proxy, revoke } = Proxy.revocable(new Error("x"), {});
    revoke();
    const hostile = new Proxy(new Error("x"), {
      get() {
        throw new Error("hostile");
      },
      getPrototypeOf() {
        throw new Error("hostile");
      },
    });
    for (const value of [proxy, hostile]) {
      expect(travel(value)).toBe("a thrown value that cannot be read");
    }
  });
});
