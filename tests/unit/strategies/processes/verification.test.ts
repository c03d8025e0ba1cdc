import { describe, expect, it, vi } from "vitest";
import { CONTROL_BYTES, ControlBlock } from "../../../../src/protocol/control-block.js";
import { Verification } from "../../../../src/strategies/processes/verification.js";

function controlOf(tasks: number): ControlBlock {
  const control = new ControlBlock(new Int32Array(CONTROL_BYTES / 4));
  control.reset(tasks);
  return control;
}

describe("a verification", () => {
  it("keeps the round from ending until the child has answered", () => {
    const control = controlOf(0);
    const verification = new Verification(control, true);
    const ask = vi.fn();
    verification.begin();
    expect(control.finished).toBe(false);
    expect(verification.isAwaited(ask)).toBe(true);
    expect(verification.isAwaited(ask)).toBe(true);
    expect(ask).toHaveBeenCalledTimes(1);
    verification.end();
    expect(control.finished).toBe(true);
    expect(verification.isAwaited(ask)).toBe(false);
  });

  it("that nobody wants asks nothing and keeps nothing", () => {
    const control = controlOf(0);
    const verification = new Verification(control, false);
    const ask = vi.fn();
    verification.begin();
    expect(verification.isAwaited(ask)).toBe(false);
    verification.end();
    expect(control.finished).toBe(true);
    expect(ask).not.toHaveBeenCalled();
  });
});
