import { defineKernel } from "sharray";

/** Takes 15 ms. */
export const pid = defineKernel(
  import.meta.url,
  "pid",
  () => {
    const end = performance.now() + 15;
    while (performance.now() < end);
    return process.pid;
  },
  { threadSafe: false },
);
