import { describe, expect, it } from "vitest";
import { steadyVariables } from "../../../../src/kernel/inline/steady-variables.js";

/** What the script tells of the function that begins, or whose parameters begin, at the mark. */
function steadyAt(marked: string): readonly string[] | undefined {
  const at = marked.indexOf("@");
  const found = steadyVariables(marked.replace("@", "")).get(at);
  return found && [...found.steady].sort();
}

describe("a variable is steady", () => {
  it.each([
    ["a const", "const v = 1; const k = @(x) => x + v;", ["v"]],
    [
      "a const of a block, and of a loop",
      "for (const v of [1]) { const w = v; run(@(x) => v + w); }",
      ["v", "w"],
    ],
    ["a let that nothing assigns to", "let v = 1; run(@(x) => v);", ["v"]],
    ["a function", "function v() {} run(@(x) => v);", ["v"]],
    ["a parameter", "function make(v) { return @(x) => v; }", ["v"]],
    ["a parameter of an arrow function", "const make = (v) => @(x) => v;", ["v"]],
    ["a namespace", 'import * as v from "m"; run(@(x) => v.a);', ["v"]],
    ["for a function, at its parameters", "const v = 1; const k = function named@(x) { return v; };", ["v"]],
    ["for a method", "const v = 1; const k = { async m@(x) { return v; } };", ["v"]],
    ["of a script", "const v = 1; return module.exports = @(x) => v;", ["v"]],
    ["if a nested function uses it", "const v = 1; run(@(x) => [x].map((y) => y + v));", ["v"]],
    ["if another variable of its name changes", "const v = 1; { let v = 2; v = 3; } run(@(x) => v);", ["v"]],
  ])("%s", (_, script, expected) => {
    expect(steadyAt(script)).toEqual(expected);
  });
});

describe("a variable may change", () => {
  it.each([
    ["a let that is assigned to, wherever", "let v = 1; run(@(x) => v); function later() { v = 2; }"],
    ["a let that gets its value later", "let v; v = 1; run(@(x) => v);"],
    ["a counter of a loop", "for (let v = 0; v < 3; v++) run(@(x) => v);"],
    ["a var", "for (const i of [1]) { var v = i; run(@(x) => v); }"],
    ["a function that is declared twice", "function v() {} function v() { return 1; } run(@(x) => v);"],
    ["a function that is assigned to", "function v() {} v = null; run(@(x) => v);"],
    ["a parameter that is assigned to", "function make(v) { v = 1; return @(x) => v; }"],
    ["a parameter beside arguments", "function make(v) { arguments[0] = 2; return @(x) => v; }"],
    ["a destructuring target", "let v = 1; [v] = [2]; run(@(x) => v);"],
    ["an import", 'import { v } from "m"; run(@(x) => v);'],
    ["an import by default", 'import v from "m"; run(@(x) => v);'],
    ["what nobody declares", "run(@(x) => v);"],
    ["if two are meant by one name", "let v = 1; v = 2; run(@(x, y = v) => { const v = 1; return v; });"],
  ])("%s", (_, script) => {
    expect(steadyAt(script)).toEqual([]);
  });

  it.each([
    ["beside eval", 'let v = 1; eval("v = 2"); run(@(x) => v);'],
    ["within with", "const v = 1; with (o) { run(@(x) => v); }"],
    ["in what is no JavaScript", "const v: number = 1; run(@(x) => v);"],
  ])("%s", (_, script) => {
    expect(steadyAt(script)).toBeUndefined();
  });
});
