import { describe, expect, it } from "vitest";
import { readKernelSource } from "../../../../src/kernel/inline/source.js";

/** Which parameters the kernel writes to; its text is what the test says. */
function written(expression: string): number[] {
  const { writes } = readKernelSource(new Function(`return (${expression})`)());
  return [0, 1, 2].filter((index) => (writes & (1 << index)) !== 0);
}

describe("kernels that write to nothing they were given", () => {
  it.each([
    ["read elements", "(x, { args }) => x[0] + args.list[1]"],
    [
      "fill arrays of their own",
      "(x) => { const own = new Float64Array(x.length); own[0] = x[0]; return own; }",
    ],
    ["fill copies", "(x) => { const own = new Float64Array(x); own[0] += 1; return own.fill(2).sort(); }"],
    ["sort a copy", "(x) => x.slice().sort()"],
    ["sort a copy in a variable", "(x) => { const own = x.map((v) => v); own.reverse(); return own[0]; }"],
    ["count", "(x) => { let sum = 0; for (let i = 0; i < x.length; i++) sum += x[i]; return sum; }"],
    [
      "collect in objects of their own",
      "(x) => { const at = {}; for (const v of x) at[v] = (at[v] ?? 0) + 1; return at; }",
    ],
    [
      "collect in maps of their own",
      "(x) => { const at = new Map(); for (const v of x) at.set(v, 1); return at; }",
    ],
    ["read by atomics", "(x) => Atomics.load(x, 0)"],
    ["ask objects", "(x) => Object.keys(x).length + Object.entries(x).length"],
    ["borrow methods that read", "(x) => Math.max.apply(null, x) + Array.prototype.slice.call(x, 1).length"],
    ["have local variables of the same name", "(x) => { { let x = [1]; x[0] = 2; } return x[0]; }"],
  ])("%s", (_, expression) => {
    expect(written(expression)).toEqual([]);
  });
});

describe("kernels that write to what they were given", () => {
  it.each([
    ["an element", "(x) => { x[0] = 1; }", [0]],
    ["a sum in place", "(i, { x }) => { x[i] += 1; }", [1]],
    ["an increment", "(x) => { x[0]++; }", [0]],
    ["a part of a part", "(_, { state }) => { state.u.at(0)[1] = 2; }", [1]],
    ["an array of the context", "(x, { args: { sums } }) => { sums[0] += x[0]; }", [1]],
    ["an output beside the input", "({ x }, { y }) => { y[0] = x[0]; }", [1]],
    ["both", "({ x }, { y }, { args }) => { x[0] = y[0] = args.n; }", [0, 1]],
    ["a view", "(x) => { x.subarray(1).fill(0); }", [0]],
    ["a view in a variable", "(x) => { const part = x.subarray(1); part.set([1]); }", [0]],
    ["a view of the same buffer", "(x) => { new Uint8Array(x.buffer)[0] = 1; }", [0]],
    ["a DataView of it", "(x) => { const view = new DataView(x.buffer, 8); view.setFloat64(0, 1); }", [0]],
    [
      "a variable assigned later",
      "(x) => { let to; for (;;) { if (to) { to[0] = 1; break; } to = x; } }",
      [0],
    ],
    [
      "a chain of variables",
      "(x) => { const a = b(); const c = x; const d = c; d[0] = 1; function b() {} }",
      [0],
    ],
    ["an element of a list", "(list) => { for (const each of list) each[0] = 1; }", [0]],
    ["a choice", "(x, { args }) => { const to = args.flag ? x : args.other; to[0] = 1; }", [0, 1]],
    ["a list of them", "(x, { args }) => { for (const to of [x, args.y]) to[0] = 1; }", [0, 1]],
    ["a field of its own object", "(x) => { const own = { x }; own.x[0] = 1; }", [0]],
    ["a pattern", "(x) => { [x[0], x[1]] = [x[1], x[0]]; }", [0]],
    ["an object pattern", "(x, { args }) => { ({ a: x[0], ...args.rest } = args); }", [0, 1]],
    ["a loop's target", "(x) => { for (x[0] of [1, 2]); }", [0]],
    ["a deleted field", "(x, { args }) => { delete args.field; }", [1]],
    ["atomics", "(x, { args }) => Atomics.add(args.count, 0, 1)", [1]],
    ["a sort", "({ price }) => price.sort()[0]", [0]],
    ["a borrowed method", "(x) => { Array.prototype.sort.call(x); }", [0]],
    ["random values", "(x) => { crypto.getRandomValues(x); }", [0]],
    ["an assigned object", "(x, { args }) => { Object.assign(args.state, { a: 1 }); }", [1]],
    ["text", "(x) => { new TextEncoder().encodeInto('text', x); }", [0]],
    [
      "a helper, which may be given anything",
      "(x) => { const put = (to) => { to[0] = 1; }; put(x); }",
      [0, 1, 2],
    ],
  ])("%s", (_, expression, expected) => {
    expect(written(expression)).toEqual(expected);
  });
});
