/**
 * The kernels of stories. The engine knows inline kernels by their text, so that text is unique to a story and a run:
 * nothing is known of it beforehand. What a kernel does is in its arguments, or in data that no planner sees.
 */
import { spin } from "../harness/spin.js";

/** Parameters of type `unknown` fit the kernel of every call; what it returns is looked at by `checksum` alone. */
export type StoryKernel = (...parameters: unknown[]) => number;

interface KernelText {
  /** The function; `NAME` is replaced by an identifier that is unique to story and run. */
  readonly text: string;
  /** What a step's work is: nanoseconds of arithmetic per task, or passes over its elements. */
  readonly unit: "ns" | "passes";
  /** Where a call's work is: in its arguments, or in the first element of each task's array. */
  readonly work: "args" | "data";
}

const PASSES =
  "let s = 0; for (let p = 0; p < args.work; p += 1) for (let i = 0; i < a.length; i += 1) s += a[i];";
const CACHE_ITERATIONS = 20_000_000;

export const KERNELS = {
  /** Arithmetic, whatever the size of the arrays. */
  work: { text: `(a, { args }) => { ${spin("a[1] | 0", "args.work")} return n; }`, unit: "ns", work: "args" },
  /** The same, and how much of it is in the data. */
  hidden: { text: `(a) => { ${spin("a[1] | 0", "a[0]")} return n; }`, unit: "ns", work: "data" },
  /** As often over all elements as the arguments say. */
  passes: { text: `(a, { args }) => { ${PASSES} return s; }`, unit: "passes", work: "args" },
  /** A constant part, and one per byte. */
  mixed: {
    text: `(a, { args }) => { ${spin("a[1] | 0", "args.work")} let s = n; for (let i = 0; i < a.length; i += 1) s += a[i]; return s; }`,
    unit: "ns",
    work: "args",
  },
  /** A map of counts per task. */
  groups: {
    text: "(a) => { const m = new Map(); for (let i = 0; i < a.length; i += 1) m.set(a[i], (m.get(a[i]) ?? 0) + 1); return m; }",
    unit: "passes",
    work: "args",
  },
  /** Every thread builds something in its first task, and keeps it. */
  cache: {
    text: `(a, { args }) => {
      const build = () => { ${spin("1", String(CACHE_ITERATIONS))} return n; };
      const cache = (globalThis.NAME ??= build());
      ${spin("(a[1] + cache) | 0", "args.work")} return n;
    }`,
    unit: "ns",
    work: "args",
  },
  /** Per item, whatever the size of the payload. */
  item: {
    text: `(item, { x }, { args }) => { ${spin("(x[1] + item) | 0", "args.work")} return n; }`,
    unit: "ns",
    work: "args",
  },
  /** Every item reads all of the payload. */
  itemPasses: {
    text: `(item, { x: a }, { args }) => { ${PASSES} return s + item; }`,
    unit: "passes",
    work: "args",
  },
  /** As often over all elements as the arguments say; the outputs are as large as the inputs. */
  transform: {
    text: `(a, out, { args }) => { for (let i = 0; i < a.length; i += 1) {
      let n = a[i]; for (let k = 0; k < args.work; k += 1) n = (Math.imul(n, 5) + 3) & 0xff; out[i] = n;
    } }`,
    unit: "passes",
    work: "args",
  },
} as const satisfies { readonly [name: string]: KernelText };

export function storyKernel(name: keyof typeof KERNELS, id: string): StoryKernel {
  const text = KERNELS[name].text.replaceAll("NAME", `cache_${id}`);
  return new Function(`"use strict"; return ${text.replace("{ ", `{ /* ${id} */ `)};`)() as StoryKernel;
}
