/** Kernels that a system call holds: nothing can end their thread before it returns, and no promise waits for that. */
import { describe, expect, test } from "vitest";
import { facts } from "./run.js";

const tripled = [0, 3, 6, 9];

// The system calls return only after all this was seen, so a promise that waits for one never settles.
describe("a call whose kernel is in a system call", () => {
  test("settles when the task's time is up, keeps its memory, and the next call works", async () => {
    expect(await facts("blocked.mjs", ["time-out"])).toEqual({
      name: "TaskTimeoutError",
      index: 1,
      value: 0,
      after: tripled,
      held: true,
    });
  });

  test("lets another call on the same worker run elsewhere", async () => {
    const way = "time-out of one call beside another on the same worker";
    expect(await facts("blocked.mjs", [way])).toEqual(["TaskTimeoutError", tripled]);
  });

  test("leaves outputs that no other call gets", async () => {
    const way = "outputs in partial are never given to another call";
    expect(await facts("blocked.mjs", [way])).toEqual({ kept: 1, isOther: true, sum: 8192 });
  });

  test("settles when it is aborted, and the executor can be shut down", async () => {
    expect(await facts("blocked.mjs", ["abort"])).toEqual({ seen: "AbortError", after: tripled });
  });

  test("does not hold up a shutdown that has a deadline", async () => {
    expect(await facts("blocked.mjs", ["shutdown with a deadline"])).toBe("AbortError");
  });

  test("does not hold up a shutdown after its time-out", async () => {
    expect(await facts("blocked.mjs", ["shutdown after a time-out"])).toBe("TaskTimeoutError");
  });
});
