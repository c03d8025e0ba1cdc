/**
 * Kernels as people write them: functions in functions, recursion, parameters taken apart, shadowed names, loops. Their text is put
 * together of statements that each draw on the variables before them, so that any of them meets any other.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { ParallelExecutor } from "sharray";
import { afterAll, expect, test } from "vitest";

const executors = (["sequential", "threads", "processes"] as const).map(
  (strategy) => [strategy, new ParallelExecutor({ strategy, maxWorkers: 2 })] as const,
);
afterAll(() => Promise.all(executors.map(([, executor]) => executor.shutdown())));

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, Number.NaN, -Infinity, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE),
);
const scalar = fc.oneof(
  number,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(undefined, null, true, false, "", "$ {a}`\\", "\u2028", "é🙂"),
);
const key = fc.constantFrom("a", "b", "length", "constructor", "a b", "0", "ä");
/** Lists without `undefined`, which `args` refuses in them. */
const list = fc.array(
  scalar.map((value) => value ?? null),
  { maxLength: 3 },
);
const member = fc.oneof(scalar, list);
const record = fc.oneof(
  fc.dictionary(key, member, { maxKeys: 4, noNullPrototype: true }),
  fc
    .dictionary(key, member, { maxKeys: 4 })
    .map((members) => Object.assign(Object.create(null) as object, members)),
);
const array = fc.oneof(
  fc.float64Array({ minLength: 1, maxLength: 12 }),
  fc.bigInt64Array({ minLength: 1, maxLength: 12 }),
  fc.uint8ClampedArray({ minLength: 1, maxLength: 12 }),
  // Of another array's memory, and on shared memory.
  fc.float32Array({ minLength: 3, maxLength: 12 }).map((whole) => whole.subarray(1, -1)),
  fc.int16Array({ minLength: 1, maxLength: 12 }).map((plain) => {
    const shared = new Int16Array(new SharedArrayBuffer(plain.byteLength));
    shared.set(plain);
    return shared;
  }),
);

/** Each declares the function `name` of a number. `before` is such a function, `s`, `r`, `t` and `n` are data. */
const STATEMENTS: readonly ((name: string, before: string) => string)[] = [
  (name, before) => `const ${name} = (x) => [s, ${before}(x)];`,
  (name, before) => `function ${name}(x) { return x > 0 ? [x, ${name}(x - 1)] : ${before}(x); }`,
  (name, before) => `const ${name} = function self(x) { return x > 1 ? self(x - 2) : [${before}(x), n]; };`,
  (name, before) =>
    `const ${name} = (x, { a = n, ...others } = r, [first, , third = s] = t, y = ${before}(x)) => [a, others, first, third, y];`,
  (name, before) =>
    `const ${name} = (x, ...rest) => { const [{ a: first = n, b = s }, ...others] = [r, t]; return [first, b, others.length, rest, ${before}(x)]; };`,
  // The names are the function's own, or the block's.
  (name, before) =>
    `const ${name} = (x) => { const s = x; { const r = [s], n = 1; return [r, n, ${before}(n)]; } };`,
  (name, before) =>
    `const ${name} = (n, r = n) => { try { throw [n, r]; } catch (s) { return [s, ${before}(n)]; } };`,
  (name, before) =>
    `const ${name} = (x) => \`\${x} \${typeof s} \${\`\${n}\` + \`}\`} \${JSON.stringify(${before}(x), (_, v) => typeof v === "bigint" ? \`\${v}\` : v)}\`;`,
  (name, before) =>
    `const ${name} = (x) => { let sum = []; for (let i = 0; i < t.length; i++) { const at = () => t[i]; sum = [at(), ...sum.slice(0, 2)]; } return [sum, ${before}(x)]; };`,
  (name, before) =>
    `const ${name} = (x) => { const made = []; for (let i = 0; i < 3; i++) made.push(() => i * n); return [made.map((f) => f()), ${before}(x)]; };`,
  (name, before) =>
    `const ${name} = (x) => { const found = []; for (const k in r) found.push([k, r[k]]); for (const v of t) found.push(v); return [found, ${before}(x)]; };`,
  (name, before) =>
    `const ${name}Tools = { s, half(x) { return x / 2; }, deep: { f: (x) => ${before}(x) } }; const ${name} = (x) => [${name}Tools.half(x), ${name}Tools.deep.f(x), ${name}Tools.s];`,
  (name, before) =>
    `let ${name}Steps = 0; ${name}Steps += n; const ${name} = (x) => [${name}Steps, ${before}(x)];`,
  // As a loop makes closures.
  (name, before) =>
    `const ${name}s = []; for (let i = 0; i < 3; i++) { let twice = 2 * i; ${name}s.push((x) => [i, twice, ${before}(x)]); } const ${name} = (x) => ${name}s[x % 3](x);`,
  (name, before) => `const ${name}Of = (r) => (x) => [r, ${before}(x)]; const ${name} = ${name}Of(s);`,
  (name, before) =>
    `const ${name}Even = (x) => (x < 1 ? ${before}(x) : ${name}Odd(x - 1)), ${name}Odd = (x) => (x < 1 ? n : ${name}Even(x - 1)); const ${name} = ${name}Even;`,
  (name, before) => `const ${name} = (x) => [r?.a, r.none ?? s, "a" in r, t.at(-1), t.length, ${before}(x)];`,
];

const programs = fc.record({
  data: fc.record({ s: scalar, r: record, t: array, n: number }),
  chosen: fc.array(fc.constantFrom(...STATEMENTS.keys()), { minLength: 1, maxLength: 5 }),
  kernel: fc.constantFrom(
    (f: string) => `(x) => ${f}(x)`,
    (f: string) => `function kernel(x) { return x > 3 ? [kernel(x - 3), arguments[0]] : ${f}(x); }`,
    (f: string) => `async (x) => { const { a = s } = r; return [a, await ${f}(x)]; }`,
    (f: string) => `({ kernel(x) { return { is: ${f}(x) }; } }).kernel`,
  ),
});

test.each(executors)("on %s a kernel of closures gives what it gives in its place", async (_, executor) => {
  const met = new Set<number>();
  await fc.assert(
    fc.asyncProperty(programs, async ({ data, chosen, kernel }) => {
      const lines = chosen.map((which, i) => {
        met.add(which);
        return (STATEMENTS[which] as (typeof STATEMENTS)[number])(`f${i + 1}`, `f${i}`);
      });
      const text = `"use strict"; const { s, r, t, n } = data; const f0 = (x) => [x, n];
        ${lines.join("\n")}
        return ${kernel(`f${chosen.length}`)};`;
      const made = new Function("data", text)(data) as (x: number) => unknown;
      const items = [0, 1, 2, 5];
      const expected = await Promise.all(items.map((x) => made(x)));
      const given = await executor.map(items, made);
      expect(given).toEqual(expected);
      // Members that are undefined, and prototypes.
      expect(isDeepStrictEqual(given, expected)).toBe(true);
    }),
    { numRuns: 150 },
  );
  expect(met.size).toBe(STATEMENTS.length);
});
