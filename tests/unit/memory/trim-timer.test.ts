import { expect, it, vi } from "vitest";
import { TrimTimer } from "../../../src/memory/trim-timer.js";

it("a timer trims again and again as long as regions are left, and once more after a further start", async () => {
  const left = [true, true, false, false];
  const trims: number[] = [];
  const timer = new TrimTimer(1, (oldest) => {
    trims.push(oldest);
    return left[trims.length - 1] as boolean;
  });
  timer.start();
  timer.start();
  await vi.waitFor(() => expect(trims).toHaveLength(3));
  timer.start();
  await vi.waitFor(() => expect(trims).toHaveLength(4));
  expect(trims).toEqual([...trims].sort((a, b) => a - b));
});

it("a timer trims nothing once it is stopped, or without a time-out", async () => {
  const trim = vi.fn(() => false);
  const stopped = new TrimTimer(0, trim);
  stopped.start();
  stopped.stop();
  new TrimTimer(undefined, trim).start();
  // A timer that was set later, and is due no sooner, has run.
  const after = vi.fn(() => false);
  new TrimTimer(1, after).start();
  await vi.waitFor(() => expect(after).toHaveBeenCalledOnce());
  expect(trim).not.toHaveBeenCalled();
});
