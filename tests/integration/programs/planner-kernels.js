/** A module kernel that is busy as its arguments say, and counts how often each task began and ended. */
import { defineKernel } from "sharray";

export const onItem = defineKernel(import.meta.url, "onItem", (item, _, { index, args }) => {
  const { first, rest, began, ended, hurry } = args;
  Atomics.add(began, index, 1);
  const until = Date.now() + (index === 0 ? first : rest);
  while (Atomics.load(hurry, 0) === 0 && Date.now() < until);
  let s = index + 1;
  for (let k = 0; k < 1000; k++) s = (Math.imul(s, 1103515245) + 12345) | 0;
  Atomics.add(ended, index, 1);
  return s + item;
});
