import { afterEach, describe, expect, it, vi } from "vitest";
import { Backoff, respawnDelay } from "../../../../src/strategies/threads/backoff.js";

vi.mock("../../../../src/platform/builtins.js", () => import("../../late-builtins.js"));

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the delay", () => {
  it("is none after a first loss, then doubles up to two seconds", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(respawnDelay)).toEqual([0, 0, 50, 100, 200, 400, 800, 1600, 2000]);
    expect(respawnDelay(10_000)).toBe(2000);
  });
});

describe("a pool's backoff", () => {
  const clock = { now: 1000 };
  const start = (): Backoff => {
    clock.now = 1000;
    vi.spyOn(performance, "now").mockImplementation(() => clock.now);
    return new Backoff();
  };
  const lose = (backoff: Backoff, started: number, now: number): void => {
    clock.now = now;
    backoff.lost(started, now);
  };

  it("waits from the last loss on, and no longer than is left", () => {
    const backoff = start();
    lose(backoff, 1000, 1010);
    expect(backoff.wait).toBe(0);
    lose(backoff, 1020, 1030);
    expect(backoff.wait).toBe(50);
    clock.now = 1060;
    expect(backoff.wait).toBe(20);
    clock.now = 1080;
    expect(backoff.wait).toBe(0);
    lose(backoff, 1080, 1090);
    expect(backoff.wait).toBe(100);
  });

  it("counts workers that were started together once", () => {
    const backoff = start();
    for (const now of [1010, 1011, 1012]) lose(backoff, 1000, now);
    expect(backoff.wait).toBe(0);
    // Among workers that had been up before the first one died, none tells anything new.
    lose(backoff, 1013, 1020);
    expect(backoff.wait).toBe(50);
    lose(backoff, 1013, 1021);
    expect(backoff.wait).toBe(49);
  });

  it("begins anew once tasks have ended", () => {
    const backoff = start();
    for (const at of [1010, 1020, 1030]) lose(backoff, at - 1, at);
    expect(backoff.wait).toBe(100);
    backoff.progressed();
    expect(backoff.wait).toBe(0);
    lose(backoff, 1031, 1040);
    expect(backoff.wait).toBe(0);
  });
});
