/** Makes the stack of what a kernel threw lead to the line of the user's file, and then to the call. */
import type { KernelError } from "../errors.js";
import { isKernelFrame, ledToFile } from "../kernel/inline/stack.js";
import { isOwnFrame } from "../platform/own-frames.js";
import { isError } from "../platform/realms.js";
import type { Request } from "./request.js";

const FRAME = /^\s+at /;

/**
 * Rewrites `cause.stack`: frames of the kernel and of functions that it captured name the files that these are in, frames of
 * this package are left out, and the frames of the call follow.
 * @param site a stack that leads to the call
 */
export function leadToLine(
  error: KernelError,
  { fn, kernel }: Pick<Request, "fn" | "kernel">,
  site = error.stack ?? "",
): void {
  // The call is another thread's, which leads the stack to its own line.
  if (fn === undefined) return;
  const functions = kernel.captured?.functions ?? [{ fn, line: 0 }];
  const call = framesIn(site).filter((line) => !isOwnFrame(line));
  for (
    let cause = error.cause, depth = 0;
    isError(cause) && depth < MAX_CAUSES;
    cause = cause.cause, depth += 1
  ) {
    const { stack } = cause;
    if (typeof stack !== "string") continue;
    const frames = framesIn(stack);
    if (frames.length === 0) continue;
    const head = stack.slice(0, stack.length - frames.join("\n").length);
    const own = frames.findIndex(isOwnFrame);
    const kernel = (own === -1 ? frames : frames.slice(0, own)).map((line) =>
      isKernelFrame(line) ? ledToFile(line, functions) : line,
    );
    const value = head + [...kernel, ...call].join("\n");
    Object.defineProperty(cause, "stack", { value, configurable: true, writable: true });
  }
}

const MAX_CAUSES = 8;

/** The frames at the end of a stack; a message may have lines that look like some. */
function framesIn(stack: string): string[] {
  const lines = stack.split("\n");
  const first = lines.findLastIndex((line) => !FRAME.test(line)) + 1;
  return lines.slice(first);
}
