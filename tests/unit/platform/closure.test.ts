import { afterEach, describe, expect, it, vi } from "vitest";
import { enclosingNames, withScopes } from "../../../src/platform/closure.js";

const outermost = "module";

function nested() {
  const outer = 1;
  let shadowed = "outer";
  const inner = () => {
    const shadowed = { deep: [outer] };
    return () => [shadowed, outer, outermost];
  };
  return { inner: inner(), change: () => (shadowed = "changed"), around: () => shadowed };
}

describe("the scopes around a function", () => {
  it("come with the very values, the innermost first", () => {
    const { inner } = nested();
    const scopes = withScopes((scopesOf) => scopesOf(inner)) ?? [];
    const found = scopes.filter((scope) => Object.hasOwn(scope, "shadowed"));
    expect(found.map(({ shadowed }) => shadowed)).toEqual([{ deep: [1] }, "outer"]);
    expect(found[0]?.["shadowed"]).toBe((inner() as unknown[])[0]);
    expect(scopes.find((scope) => Object.hasOwn(scope, "outermost"))?.["outermost"]).toBe("module");
  });

  it("are as they are at the reading", () => {
    const { around, change } = nested();
    const read = () =>
      withScopes(
        (scopesOf) => scopesOf(around).find((scope) => Object.hasOwn(scope, "shadowed"))?.["shadowed"],
      );
    expect(read()).toBe("outer");
    change();
    expect(read()).toBe("changed");
  });

  it("of several functions are read in one session", () => {
    const functions = [1, 2, 3].map((value) => () => value);
    const values = withScopes((scopesOf) =>
      functions.map((fn) => scopesOf(fn).find((s) => "value" in s)?.["value"]),
    );
    expect(values).toEqual([1, 2, 3]);
  });

  it("do not have the global object", () => {
    expect(enclosingNames(nested().inner)?.has("Math")).toBe(false);
    expect(enclosingNames(nested().inner)?.has("outer")).toBe(true);
    expect(enclosingNames(new Function("return 1"))?.has("outer")).toBe(false);
  });

  it("leave nothing behind, also when the work fails", () => {
    const before = Object.getOwnPropertySymbols(globalThis);
    expect(() =>
      withScopes(() => {
        throw new RangeError("mine");
      }),
    ).toThrow("mine");
    expect(Object.getOwnPropertySymbols(globalThis)).toEqual(before);
  });
});

describe("if nobody tells scopes", () => {
  afterEach(() => vi.doUnmock("../../../src/platform/inspector.js"));

  const answering = (post: () => object) => () => ({ post, close: () => {} });
  it.each([
    ["there is no inspector", () => undefined],
    ["another inspector answers", answering(() => ({ result: {}, internalProperties: [] }))],
    [
      "the inspector does not answer",
      answering(() => {
        throw new Error("no answer");
      }),
    ],
  ])("nothing is known: %s", async (_, openSession) => {
    vi.resetModules();
    vi.doMock("../../../src/platform/inspector.js", () => ({ openSession }));
    const closure = await import("../../../src/platform/closure.js");
    expect(closure.withScopes((scopesOf) => scopesOf(nested))).toBeUndefined();
    expect(closure.enclosingNames(nested)).toBeUndefined();
  });
});
