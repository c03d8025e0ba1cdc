// biome-ignore-all lint/suspicious/noTemplateCurlyInString: kernels are text here
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyse } from "../../../../src/kernel/inline/analyse.js";
import type { KernelText } from "../../../../src/kernel/inline/kernel-text.js";
import { parseProgram } from "../../../../src/kernel/inline/parser.js";
import { readPlain } from "../../../../src/kernel/inline/plain.js";

const LOOP = `function rms(chunk) {
  let sum = 0; // of squares
  for (let i = 0, n = chunk.length; i < n; i++) {
    const x = chunk[i]
    if (x !== x) continue
    else sum += x * x
  }
  return Math.sqrt(sum / chunk.length);
}`;

describe("plain kernels are read without a parser", () => {
  it.each<[string, readonly string[]]>([
    ["(x) => x * 2", []],
    ["x=>x", []],
    ["() => 0", []],
    ["(x, { args }) => x", ["not plain"]],
    ["(item) => Math.sqrt(item) + Math.PI", ["Math"]],
    ["(a, b) => [a, b, -a / (b + 1), a > b ? undefined : NaN]", ["undefined", "NaN"]],
    [LOOP, ["Math"]],
    ["(xs) => { let s = 0; for (const x of xs) { s += x; } return s; }", []],
    ["(n) => { let a = 0, b = 1; do { const c = a + b; a = b; b = c; } while (--n > 0); return b; }", []],
    ["(x) => { let y = 1\n  while (y < x) y *= 2\n  return y }", []],
  ])("%s", (text, globals) => {
    const read = readPlain(text);
    if (globals[0] === "not plain") expect(read).toBeUndefined();
    else expect(read).toEqual({ ...(analysed(text) as KernelText), globals: new Set(globals) });
  });
});

/** Not plain, each for its own reason. Most of them capture, keep or write something. */
const OTHERS = [
  "(x) => y",
  "(x) => { for (let i = 0; i < 3; i++) x += i; return i; }",
  "(x) => { for (let i = 0; i < 3; i++) { x += i; } return i; }",
  "(x) => { { let y = x; } return y; }",
  "(x) => { let a = 1\nb = 2, c = 3; return a; }",
  "(x) => { return y; let y = 1; }",
  "(x) => { x[0] = 1; }",
  "(x) => { x.y += 1; }",
  "(x) => { x[0]++; }",
  "(x) => { --x[0]; }",
  "(x) => { ++x.y; }",
  "(x) => { [x[0]] = [1]; }",
  "(x) => { let y = x\n++y[0]; }",
  "(x) => x.then",
  "(x) => x['then']",
  "(x, then) => x[then]",
  "(x) => x.y()",
  "(x) => x(1)",
  "(x) => Math.max.call(1)",
  "(x) => Math.constructor",
  "(x) => { Math.PI = 3; }",
  "(x) => ({ x })",
  "(x) => (y) => x + y",
  "(x) => `${x}`",
  "(x) => /y/.test(x)",
  "(x) => { if (x) /x/.test(x); }",
  "(x) => x?.y",
  "(x) => typeof y",
  "(x) => { var y = x; return y; }",
  "(x) => { undefined: x; }",
  "(x) => { y: for (;;) { break y; } }",
  "async (x) => x",
  "async x => x",
  "function* f(x) { yield x; }",
  "function f(x) { return f(x - 1); }",
  "function f() { return arguments; }",
  "function () { return this; }",
  "f(x) { return x; }",
  "get f() { return 1; }",
  "class { }",
  "function sqrt() { [native code] }",
  "(x) => x <!--y\n",
  "(x) => x // y\r+ y",
  "(x) => x // y\u2028+ y",
  "(x) => \u0061\u{1d4d0}",
];

describe("a parser reads all other texts", () => {
  it.each(OTHERS)("%s", (text) => {
    expect(readPlain(text)).toBeUndefined();
  });

  it("numbers as only code that is not strict has them", () => {
    expect(["() => 010", "() => 08.5"].map(readPlain)).toEqual([undefined, undefined]);
  });

  it("names that strict code forbids", () => {
    const texts = ["function (eval) { return eval; }", "(static) => 1", "function (a, a) { return a; }"];
    expect(texts.map(readPlain)).toEqual([undefined, undefined, undefined]);
  });
});

function analysed(text: string): KernelText | string {
  try {
    return analyse(text, "", (why) => {
      throw new TypeError(why);
    });
  } catch (error) {
    return String(error);
  }
}

/** The text of the function that it is, as a kernel's is read. Nothing runs. `undefined` if it is none. */
function textOf(expression: string): string | undefined {
  try {
    new Function(`(${expression}\n)`);
    const [statement] = parseProgram(`(${expression}\n)`).body;
    const node = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
    const isFunction = node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression";
    return isFunction ? `(${expression}\n)`.slice(...(node.range as [number, number])) : undefined;
  } catch {
    return undefined;
  }
}

const name = fc.constantFrom("x", "y", "z", "i", "then", "of", "free", "undefined", "Math");
const gap = fc.constantFrom(" ", "\n", "\r\n", "", " /* ; */ ", " // y\n", " // z\r", "\u2028");
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    name,
    fc.constantFrom("1", "0x1f", "1.5e3", ".5", "10n", '"a"', "'then'", "true", "/x/g", "`a`", "this"),
    fc.tuple(tie("expression"), gap, operator(), gap, tie("expression")).map((parts) => parts.join("")),
    fc.tuple(fc.constantFrom("-", "!", "++", "--", "typeof ", "~"), tie("expression")).map(join),
    fc
      .tuple(tie("expression"), fc.constantFrom("++", "--", ".then", ".length", "[0]", "[x]", "()"))
      .map(join),
    tie("expression").map((inner) => `(${inner})`),
    fc.tuple(tie("expression"), tie("expression")).map((both) => `[${both.join(", ")}]`),
    fc.tuple(fc.constantFrom("Math.max", "Math.abs", "x", "free"), tie("expression")).map(([f, inner]) => {
      return `${f}(${inner})`;
    }),
    fc.tuple(tie("expression"), tie("expression"), tie("expression")).map((all) => {
      return `${all[0]} ? ${all[1]} : ${all[2]}`;
    }),
    tie("expression").map((inner) => `{ x: ${inner} }`),
    tie("expression").map((inner) => `(y) => ${inner}`),
  ),
}));

function operator() {
  return fc.constantFrom("+", "-", "*", "/", "%", "<", "===", "&&", "??", ">>>", "=", "+=", "??=", ",", "in");
}

function join(parts: readonly string[]): string {
  return parts.join("");
}

const declaration = fc
  .tuple(
    fc.constantFrom("let", "const", "var"),
    fc.array(fc.tuple(name, gap, expression), { minLength: 1, maxLength: 3 }),
  )
  .map(
    ([word, list]) => `${word} ${list.map(([each, space, value]) => `${each}${space}= ${value}`).join(", ")}`,
  );
const end = fc.constantFrom(";", "\n", ";\n", " ");
const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(fc.oneof(expression, declaration), end).map(join),
    fc
      .tuple(fc.constantFrom("return", "break", "continue"), gap, fc.oneof(expression, fc.constant("")), end)
      .map(join),
    fc.tuple(expression, tie("statement")).map(([test, body]) => `if (${test}) ${body}`),
    fc
      .tuple(expression, tie("statement"), tie("statement"))
      .map(([test, a, b]) => `if (${test}) ${a} else ${b}`),
    fc.tuple(expression, tie("statement")).map(([test, body]) => `while (${test}) ${body}`),
    fc
      .tuple(expression, tie("statement"), end)
      .map(([test, body, after]) => `do ${body} while (${test})${after}`),
    fc
      .tuple(fc.oneof(declaration, expression), expression, expression, tie("statement"))
      .map(([init, test, next, body]) => `for (${init}; ${test}; ${next}) ${body}`),
    fc
      .tuple(name, fc.constantFrom("of", "in"), expression, tie("statement"))
      .map(([each, word, list, body]) => {
        return `for (const ${each} ${word} ${list}) ${body}`;
      }),
    fc.tuple(tie("statement"), tie("statement")).map(([a, b]) => `{ ${a}${b} }`),
    fc.tuple(name, tie("statement")).map(([label, body]) => `${label}: ${body}`),
  ),
}));
const body = fc.oneof(
  expression,
  fc.array(statement, { maxLength: 5 }).map((statements) => `{ ${statements.join("")} }`),
);
const kernel = fc
  .tuple(
    fc.constantFrom("(x) =>", "x =>", "(x, y) =>", "(x, { i }) =>", "function f(x, y)", "function ()"),
    body,
  )
  .map(([head, text]) => textOf(`${head} ${text}`))
  .filter((text) => text !== undefined);

it("the reader of plain kernels agrees with the parser on any kernel", () => {
  let plain = 0;
  fc.assert(
    fc.property(kernel, (text) => {
      const read = readPlain(text);
      if (read === undefined) return;
      plain += 1;
      expect(read).toEqual(analysed(text));
    }),
    { numRuns: 1500 },
  );
  expect(plain).toBeGreaterThan(50);
}, 60_000);

/** Kernels that are plain, of every construct that the reader knows. */
const PLAIN = [
  LOOP,
  "(x) => x * 2",
  "(item) => Math.sqrt(item) + Math.PI",
  "(a, b) => [a, b, -a / (b + 1), a > b ? undefined : NaN]",
  "(xs) => { let s = 0; for (const x of xs) { s += x; } return s; }",
  "(n) => { let a = 0, b = 1; do { const c = a + b; a = b; b = c; } while (--n > 0); return b; }",
  "(x) => { let y = 1\n  while (y < x) y *= 2\n  return y }",
  "function f(x, y) { if (x > y) { let z = x; x = y; y = z } else { const z = 1; return z }\n return [x, y] }",
  "(x, y) => { let i = 0, z = 'a'; for (; i < y; i++) { const x = i; z = x } for (let i = 0; i < 2; i++) { y-- } return z }",
];
const PIECES = /\s+|[\w$]+|=>|\+\+|--|[-+*/%<>=!&|^?]+|./gs;
const piece = fc.constantFrom(
  ..."x y z i a b s n free then Math undefined let const return if else for of while do break continue".split(
    " ",
  ),
  ..."( ) [ ] { } . , ; : = == += ++ -- - + * / => ? \n 0 1.5 'a' ` // /* */ .length .x [0] () typeof this var".split(
    " ",
  ),
);
const edit = fc.record({
  kind: fc.constantFrom("delete", "insert", "replace", "swap", "repeat"),
  at: fc.nat(200),
  other: fc.nat(200),
  piece,
});

function edited(
  text: string,
  edits: readonly { kind: string; at: number; other: number; piece: string }[],
): string {
  const pieces = text.match(PIECES) as string[];
  for (const { kind, at, other, piece } of edits) {
    const [i, j] = [at % pieces.length, other % pieces.length];
    if (kind === "delete") pieces.splice(i, 1);
    else if (kind === "insert") pieces.splice(i, 0, ` ${piece} `);
    else if (kind === "replace") pieces[i] = piece;
    else if (kind === "repeat") pieces.splice(i, 0, ...pieces.slice(j, j + 3));
    else [pieces[i], pieces[j]] = [pieces[j] as string, pieces[i] as string];
    if (pieces.length === 0) pieces.push("x");
  }
  return pieces.join("");
}

it("the reader of plain kernels agrees with the parser on plain kernels with a few words changed", () => {
  expect(PLAIN.map(readPlain)).not.toContain(undefined);
  const texts = fc
    .tuple(fc.constantFrom(...PLAIN), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([text, edits]) => textOf(edited(text, edits)))
    .filter((text) => text !== undefined);
  let [plain, other] = [0, 0];
  fc.assert(
    fc.property(texts, (text) => {
      const read = readPlain(text);
      if (read === undefined) {
        other += 1;
        return;
      }
      plain += 1;
      expect(read).toEqual(analysed(text));
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(plain, other)).toBeGreaterThan(100);
}, 60_000);
