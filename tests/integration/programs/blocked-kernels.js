/** A kernel that waits in a system call, as only a module can everywhere. */
import { readFileSync } from "node:fs";
import { defineKernel } from "sharray";

/** Task 1 waits until somebody opens the named pipe for writing, and says in `at` when it is about to. */
export const reads = defineKernel(import.meta.url, "reads", (x, _, { args: { pipe, at } }) => {
  if (x !== 1) return 2 * x;
  if (at !== undefined) Atomics.store(at, 0, 1);
  readFileSync(pipe);
  return 2 * x;
});

/** The same, and leaves marks in its output. */
export const readsAndWrites = defineKernel(import.meta.url, "readsAndWrites", (_, out, { index, args }) => {
  out.fill(1);
  if (index === 1) readFileSync(args.pipe);
});
