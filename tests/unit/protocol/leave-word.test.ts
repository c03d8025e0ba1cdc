import { describe, expect, it } from "vitest";
import { LeaveWord } from "../../../src/protocol/leave-word.js";

function setUp(silent: boolean) {
  const words = new Int32Array(new SharedArrayBuffer(8)).fill(7);
  // Each side has its own view of the word.
  const [caller, worker] = [new LeaveWord(words), new LeaveWord(words)] as const;
  caller.reset(silent);
  return { caller, worker };
}

describe("a leave", () => {
  it("is silent while the caller's side looks", () => {
    const { caller, worker } = setUp(true);
    expect(caller.hasLeft).toBe(false);
    expect(worker.leave()).toBe(false);
    expect(caller.hasLeft).toBe(true);
  });

  it("takes a message from the start if the caller's side never looks", () => {
    const { caller, worker } = setUp(false);
    expect(worker.leave()).toBe(true);
    expect(caller.hasLeft).toBe(false);
  });

  it("takes a message once the caller's side has stopped looking", () => {
    const { caller, worker } = setUp(true);
    expect(caller.call()).toBe(true);
    expect(worker.leave()).toBe(true);
    expect(caller.hasLeft).toBe(false);
  });

  it("that came before the caller's side stopped looking is told to it then, and brings no message", () => {
    const { caller, worker } = setUp(true);
    expect(worker.leave()).toBe(false);
    expect(caller.call()).toBe(false);
  });

  it("by message is known by the message's number", () => {
    const { caller, worker } = setUp(false);
    expect(caller.wasSaidBy(9)).toBe(false);
    worker.say(3);
    expect([2, 3, 4].map((heard) => caller.wasSaidBy(heard))).toEqual([false, true, true]);
    // Numbers go around.
    worker.say(2 ** 31 - 1);
    expect(caller.wasSaidBy(-(2 ** 31) + 5)).toBe(true);
    expect(caller.wasSaidBy(2 ** 31 - 2)).toBe(false);
    caller.reset(false);
    expect(caller.wasSaidBy(9)).toBe(false);
  });

  it("of a worker that could not load the kernel takes a message, and tells so", () => {
    const { caller, worker } = setUp(true);
    expect(caller.isBroken).toBe(false);
    worker.sayBroken(2);
    expect([caller.isBroken, caller.hasLeft, caller.call(), caller.wasSaidBy(2)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    caller.reset(true);
    expect(caller.isBroken).toBe(false);
  });
});
