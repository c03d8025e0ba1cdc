import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CallPort } from "../../../src/bridge/call-port.js";

/** The two ends of a way, and what has come to the second one. */
function ends() {
  const { port1, port2 } = new MessageChannel();
  const received: number[] = [];
  const ignored = {
    isMessage: (_data: unknown): _data is never => false,
    onMessage() {},
    onUnreadable() {},
    onEnd() {},
  };
  const near = new CallPort<never, number>(port1, ignored);
  const far = new CallPort<number, never>(port2, {
    ...ignored,
    isMessage: (data: unknown): data is number => typeof data === "number",
    onMessage: (message: number) => received.push(message),
  });
  const close = (): void => {
    near.close();
    far.close();
  };
  return { near, far, received, close };
}

/** Looks for messages that have come. @returns how many times of 1000 one was there without a turn of the event loop */
async function looks({ near, far, received }: ReturnType<typeof ends>): Promise<number> {
  let found = 0;
  for (let i = 0; i < 1000; i += 1) {
    near.post(i);
    far.look();
    await Promise.resolve();
    await Promise.resolve();
    if (received.length > i) found += 1;
    else while (received.length <= i) await nextTurn();
  }
  expect(received).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  return found;
}

describe("the port of calls", () => {
  it("takes a message that comes at once without a turn of the event loop", async () => {
    const both = ends();
    expect(await looks(both)).toBeGreaterThan(500);
    both.close();
  });

  it("leaves the event loop its turns", async () => {
    const both = ends();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    for (const end = performance.now() + 10_000; turns < 10 && performance.now() < end; ) {
      await looks(both);
      both.received.length = 0;
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(10);
    both.close();
  });

  describe("with the optimization left out", () => {
    beforeEach(() => {
      process.env["SHARRAY_WITHOUT"] = "look";
    });
    afterEach(() => {
      delete process.env["SHARRAY_WITHOUT"];
    });

    it("hears of messages in turns of the event loop alone", async () => {
      const both = ends();
      expect(await looks(both)).toBe(0);
      both.close();
    });
  });
});
