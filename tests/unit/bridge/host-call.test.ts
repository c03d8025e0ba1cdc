import { describe, expect, it } from "vitest";
import { HostCall } from "../../../src/bridge/host-call.js";
import { Arena } from "../../../src/memory/arena.js";

/** A call, what it has told of, and a job that notes what stopped it. */
function callOf(holdsMemory: boolean) {
  const told: unknown[] = [];
  const arena = new Arena(1);
  const call = new HostCall(
    7,
    holdsMemory,
    arena,
    (isSafe) => told.push(["released", isSafe]),
    (reason) => told.push(["stopped", reason]),
  );
  const job = { stop: (reason: unknown) => void told.push(["job", reason]), apart: [4] };
  return { call, told, job };
}

describe("a call at its host", () => {
  it("is stopped once, in its job if it runs", () => {
    const { call, told, job } = callOf(false);
    call.runs(job);
    call.stop("enough");
    call.stop("again");
    expect(told).toEqual([["job", "enough"]]);
  });

  it("that was stopped before it runs tells so, and does not run for long", () => {
    const { call, told, job } = callOf(false);
    call.stop("enough");
    expect(told).toEqual([["stopped", "enough"]]);
    call.runs(job);
    expect(told).toEqual([
      ["stopped", "enough"],
      ["job", "enough"],
    ]);
  });

  it("that is stopped leaves its stream with the reason, after its job", () => {
    const { call, told, job } = callOf(false);
    call.left.addEventListener("abort", () => told.push(["left", call.left.reason]));
    call.runs(job);
    call.stop("enough");
    expect(told).toEqual([
      ["job", "enough"],
      ["left", "enough"],
    ]);
  });

  it("whose loop was left is not stopped", () => {
    const { call, told, job } = callOf(false);
    call.runs(job);
    expect(call.left.aborted).toBe(false);
    call.leaveStream();
    expect(call.left.aborted).toBe(true);
    expect(told).toEqual([]);
  });

  it.each([
    ["nobody else holds its memory", false, false, true, true],
    ["a worker does, but it has succeeded and the memory is not for it alone", true, false, true, true],
    ["a worker does, and the memory is for it alone", true, true, true, null],
    ["a worker does, and it has failed", true, false, false, null],
  ])("ends if %s", (_, isHeld, holdsMemory, hasSucceeded, isReleased) => {
    const { call, told } = callOf(holdsMemory);
    if (isHeld) call.lease.hold();
    expect(call.end(hasSucceeded)).toBe(isReleased);
    expect(told).toEqual([]);
    if (isHeld) call.lease.drop();
    // One word, if the end did not say it.
    expect(told).toEqual(isReleased === null ? [["released", true]] : []);
  });

  it("whose workers cannot be waited for never gives its memory back", () => {
    const { call } = callOf(true);
    call.lease.reachedBy("here");
    expect(call.end(false)).toBe(false);
  });
});
