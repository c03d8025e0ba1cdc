/** Resolves when `what` does, at the latest after `ms` milliseconds. Rejects when it does. */
import { clearTimeout, setTimeout } from "../platform/builtins.js";
export async function waitFor(what: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([what, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
