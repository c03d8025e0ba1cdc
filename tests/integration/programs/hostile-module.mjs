/** What kernels of `hostile-closures.mjs` import. */
export let level = 2;
export const Kind = { A: 0, 0: "A", B: 1, 1: "B" };
export const deep = { v: 4 };
export * as nested from "./hostile-module.mjs";

export function bump() {
  level += 1;
}

export default function plus(x) {
  return x + level;
}
