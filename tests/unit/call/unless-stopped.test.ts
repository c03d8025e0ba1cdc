import { describe, expect, it } from "vitest";
import { unlessStopped } from "../../../src/call/unless-stopped.js";
import type { Job } from "../../../src/strategies/job.js";

/** A job that can be stopped, and the holds on its lease. */
function jobOf() {
  const listeners: ((reason: unknown) => void)[] = [];
  let reason: { readonly is: unknown } | undefined;
  const holds = { count: 0 };
  const lease = {
    hold: () => {
      holds.count += 1;
    },
    drop: () => {
      holds.count -= 1;
    },
  };
  const job = {
    parts: { lease },
    onStop: (listener: (reason: unknown) => void) => listeners.push(listener),
    throwIfStopped: () => {
      if (reason !== undefined) throw reason.is;
    },
  } as unknown as Job;
  const stop = (is: unknown): void => {
    reason = { is };
    for (const listener of listeners) listener(is);
  };
  return { job, holds, stop };
}

describe("work of a pass", () => {
  it("that ends at once gives its value without a promise, or the reason of a stop", () => {
    const { job, holds, stop } = jobOf();
    expect(unlessStopped(job, 7)).toBe(7);
    stop("enough");
    expect(() => unlessStopped(job, 7)).toThrow("enough");
    expect(holds.count).toBe(0);
  });

  it("holds the memory until it ends, whichever way", async () => {
    const { job, holds } = jobOf();
    const good = unlessStopped(job, Promise.resolve(7));
    const bad = unlessStopped(job, Promise.reject(new Error("bad")));
    expect(holds.count).toBe(2);
    expect(await good).toBe(7);
    await expect(bad).rejects.toThrow("bad");
    expect(holds.count).toBe(0);
  });

  it("rejects at once when it is stopped, and holds the memory until it has ended", async () => {
    const { job, holds, stop } = jobOf();
    let end = (): void => {};
    const work = new Promise<void>((resolve) => {
      end = resolve;
    });
    const outcome = unlessStopped(job, work);
    stop("enough");
    await expect(outcome).rejects.toBe("enough");
    expect(holds.count).toBe(1);
    end();
    await work;
    await undefined;
    expect(holds.count).toBe(0);
  });
});
