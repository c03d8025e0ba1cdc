/**
 * A kernel of its own for every cell. The engine knows inline kernels by their text, so the cell's number is in it. What was
 * learned of one cell says nothing about another.
 */
import { spin } from "../harness/spin.js";
import type { Cell } from "./cells.js";

/** Parameters of type `unknown` fit the kernel of every call. */
export type CellKernel = (...parameters: unknown[]) => number;

function sum(terms: string, array: string): string {
  return `let s = 0; for (let i = 0; i < ${array}.length; i += 1) s += ${terms}; return s;`;
}

/** @param iterations of the spin loop: per element of the output for "transform", per task otherwise */
export function cellKernel({ id, kind, cost }: Cell, iterations: number): CellKernel {
  const pass = cost === "pass";
  const spinFrom = (seed: string): string => `${spin(seed, iterations)} return n;`;
  const text = {
    list: `(a) => { ${pass ? sum("a[i]", "a") : spinFrom("a[0] | 0")} }`,
    chunks: `({ x, y }) => { ${pass ? sum("x[i] * y[i]", "x") : spinFrom("x[0] | 0")} }`,
    items: `(item, { x }) => { ${pass ? sum("x[i] * item", "x") : spinFrom("(x[0] + item) | 0")} }`,
    reduce: `(a) => { ${pass ? sum("a[i]", "a") : spinFrom("a[0] | 0")} }`,
    transform: `({ x, y }, out) => { for (let i = 0; i < x.length; i += 1) { ${
      pass ? "out[i] = x[i] * y[i] + 1;" : `${spin("(x[i] + y[i]) | 0", iterations)} out[i] = n;`
    } } }`,
  }[kind];
  return new Function(`"use strict"; return ${text.replace("{ ", `{ /* cell ${id} */ `)};`)() as CellKernel;
}
