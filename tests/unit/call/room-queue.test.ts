import { describe, expect, it, vi } from "vitest";
import type { Pass } from "../../../src/call/call-record.js";
import { CallRecord } from "../../../src/call/call-record.js";
import type { Planner } from "../../../src/call/planner.js";
import { readItemsCall } from "../../../src/call/read-request.js";
import { RoomQueue } from "../../../src/call/room-queue.js";
import { MemoryLimitError } from "../../../src/errors.js";
import { Arena } from "../../../src/memory/arena.js";
import { Lease } from "../../../src/memory/lease.js";
import { STRATEGIES, type StrategyName } from "../../../src/strategies/registry.js";
import type { StrategySet } from "../../../src/strategies/strategy-set.js";
import { callSettings } from "./settings.js";

const lack = (): MemoryLimitError => new MemoryLimitError(9, 1, 0, 0);

/** An arena of one page, and passes that need no more than that. */
function setUp({ mayChoose = false, limit = 8192 } = {}) {
  const arena = new Arena(limit);
  const get = (name: StrategyName) => ({ descriptor: STRATEGIES.find((each) => each.name === name) });
  const planner = { mayChoose: () => mayChoose } as unknown as Planner;
  const queue = new RoomQueue(arena, { get } as unknown as StrategySet, planner);
  const passOf = (items: number[], strategy: StrategyName = "threads") => {
    const request = readItemsCall(items, (n: number) => n, {}, callSettings());
    const pass = { request, memory: undefined, plan: { strategy } } as unknown as Pass;
    return { pass, call: new CallRecord(1, request, 1, undefined, undefined) };
  };
  return { arena, queue, passOf };
}

describe("a pass that found no room", () => {
  it("begins once there is some", async () => {
    const { queue, passOf } = setUp();
    const { call, pass } = passOf([1]);
    const begin = vi.fn();
    await queue.enter(call, pass, lack(), begin);
    expect(begin).toHaveBeenCalledExactlyOnceWith(undefined);
  });

  it("tries again as long as others take the room, but not for ever", async () => {
    const { queue, passOf } = setUp();
    const error = lack();
    let tries = 0;
    const begin = (): void => {
      tries += 1;
      if (tries < 3) throw error;
    };
    const { call, pass } = passOf([1]);
    await queue.enter(call, pass, lack(), begin);
    expect(tries).toBe(3);
    const never = vi.fn(() => {
      throw error;
    });
    await expect(queue.enter(call, pass, lack(), never)).rejects.toBe(error);
    expect(never.mock.calls.length).toBeLessThan(10);
  });

  it("fails if there can be none, unless it may run on the calling thread instead", async () => {
    const hopeless = setUp({ limit: 100 });
    const error = lack();
    const one = hopeless.passOf([1]);
    await expect(hopeless.queue.enter(one.call, one.pass, error, vi.fn())).rejects.toBe(error);
    const free = setUp({ limit: 100, mayChoose: true });
    const two = free.passOf([1]);
    const begin = vi.fn();
    await free.queue.enter(two.call, two.pass, error, begin);
    expect(begin).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("maxSharedBytes"));
    // On the calling thread already, there is nowhere else.
    const here = free.passOf([1], "sequential");
    await expect(free.queue.enter(here.call, here.pass, error, begin)).rejects.toBe(error);
  });

  it("owns its items from then on, because the caller may change its list", async () => {
    const { queue, passOf } = setUp();
    const items = [1, 2, 3];
    const { call, pass } = passOf(items);
    const waiting = queue.enter(call, pass, lack(), vi.fn());
    items[0] = 99;
    await waiting;
    expect([...(pass.request.items as unknown as { numbers: Iterable<number> }).numbers]).toEqual([1, 2, 3]);
  });

  it("fails with any other error, and with what it lacks once it has its memory", async () => {
    const { queue, passOf } = setUp();
    const other = new RangeError("other");
    const { call, pass } = passOf([1]);
    const fails = (error: Error) => () => {
      throw error;
    };
    await expect(queue.enter(call, pass, lack(), fails(other))).rejects.toBe(other);
    const error = lack();
    const begun = { ...pass, memory: {} } as Pass;
    await expect(queue.enter(call, begun, lack(), fails(error))).rejects.toBe(error);
  });
});

describe("passes that wait", () => {
  it("begin in the order in which they came, each when the one before has begun", async () => {
    const { arena, queue, passOf } = setUp();
    // A call that is over, whose memory a worker still uses: who has not tried waits for it.
    const straggler = new Lease(arena).hold();
    straggler.close();
    const begun: number[] = [];
    const waiting = [1, 2, 3].map((n) => {
      const { call, pass } = passOf([n]);
      return queue.enter(call, pass, undefined, () => {
        begun.push(n);
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual([]);
    straggler.drop();
    await Promise.all(waiting);
    expect(begun).toEqual([1, 2, 3]);
  });

  it("can be stopped, and those behind go on", async () => {
    const { arena, queue, passOf } = setUp();
    const straggler = new Lease(arena).hold();
    straggler.close();
    const [first, second] = [passOf([1]), passOf([2])];
    const begin = vi.fn();
    const one = queue.enter(first.call, first.pass, undefined, begin);
    const two = queue.enter(second.call, second.pass, undefined, begin);
    first.call.stop("enough");
    await expect(one).rejects.toBe("enough");
    expect(begin).not.toHaveBeenCalled();
    straggler.drop();
    await two;
    expect(begin).toHaveBeenCalledTimes(1);
    // A call that was stopped before it came to wait does not wait at all.
    await expect(queue.enter(first.call, first.pass, undefined, begin)).rejects.toBe("enough");
  });
});
