import { describe, expect, it } from "vitest";
import { leadToLine } from "../../../src/call/lead-to-line.js";
import { KernelError } from "../../../src/errors.js";
import type { Kernel } from "../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../src/kernel/types.js";

const fn: AnyKernel = () => 1;
const kernel = { captured: undefined } as Kernel;
const own = `    at run (${import.meta.url.replace("tests/unit/call/lead-to-line.test.ts", "src/tasks/task-loop.ts")}:1:2)`;

function thrown(stack: string | undefined): KernelError {
  const cause = Object.defineProperty(new Error("boom"), "stack", { value: stack, configurable: true });
  return new KernelError(0, 0, 1, cause);
}

function stackOf({ cause }: KernelError): string | undefined {
  return (cause as Error).stack;
}

describe("the stack of a kernel's error", () => {
  const site = ["Error", own, "    at async main (file:///app.mjs:9:3)"].join("\n");

  it("has the frames of the kernel, then those of the call, and none of this package", () => {
    const error = thrown(
      ["Error: boom", "    at score (file:///kernels.mjs:3:4)", own, "    at node:internal:1:1"].join("\n"),
    );
    leadToLine(error, { fn, kernel }, site);
    expect(stackOf(error)).toBe(
      [
        "Error: boom",
        "    at score (file:///kernels.mjs:3:4)",
        "    at async main (file:///app.mjs:9:3)",
      ].join("\n"),
    );
  });

  it("keeps a message that looks like frames", () => {
    const error = thrown("Error: one\n    at two\nthree\n    at f (file:///f.mjs:1:1)");
    leadToLine(error, { fn, kernel }, site);
    expect(stackOf(error)?.split("\n").slice(0, 4)).toEqual([
      "Error: one",
      "    at two",
      "three",
      "    at f (file:///f.mjs:1:1)",
    ]);
  });

  it("is led for causes of the cause, too", () => {
    const error = thrown("Error: boom\n    at f (file:///f.mjs:1:1)");
    const stack = `Error: inner\n    at g (file:///g.mjs:1:1)\n${own}`;
    const inner = Object.defineProperty(new Error("inner"), "stack", { value: stack, configurable: true });
    (error.cause as Error).cause = inner;
    leadToLine(error, { fn, kernel }, site);
    expect(((error.cause as Error).cause as Error).stack).toBe(
      "Error: inner\n    at g (file:///g.mjs:1:1)\n    at async main (file:///app.mjs:9:3)",
    );
  });

  it("stays as it is if it has no frames, or the call is another thread's", () => {
    for (const [stack, call] of [
      ["Error: boom", { fn, kernel }],
      [undefined, { fn, kernel }],
      ["Error: boom\n    at f (file:///f.mjs:1:1)", { fn: undefined, kernel }],
    ] as const) {
      const error = thrown(stack);
      leadToLine(error, call, site);
      expect(stackOf(error)).toBe(stack);
    }
  });
});
