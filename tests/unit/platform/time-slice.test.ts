import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  mustWait,
  ownTurn,
  pause,
  SLICE_MS,
  sliceEnd,
  withoutTurn,
} from "../../../src/platform/time-slice.js";

vi.mock("../../../src/platform/builtins.js", () => import("../late-builtins.js"));

const clock = { now: 0 };

beforeEach(async () => {
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  clock.now = 1000;
  // The slice is the thread's: what the test before has left of it is over.
  await nextTurn();
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the slice of time", () => {
  it("begins with the first work after a turn, not with the turn", async () => {
    expect(mustWait(clock.now)).toBe(false);
    await nextTurn();
    clock.now += 1000;
    expect(withoutTurn(clock.now)).toBe(0);
    expect(sliceEnd(clock.now)).toBe(clock.now + SLICE_MS);
    expect(mustWait(clock.now)).toBe(false);
  });

  it("is the same for all work until the loop has had a turn", async () => {
    const end = sliceEnd(clock.now);
    clock.now += SLICE_MS - 1;
    expect(sliceEnd(clock.now)).toBe(end);
    expect(mustWait(clock.now)).toBe(false);
    expect(pause()).toBeUndefined();
    clock.now += 1;
    expect(mustWait(clock.now)).toBe(true);
    await nextTurn();
    expect(mustWait(clock.now)).toBe(false);
  });

  it("is given to those who wait in the order in which they came", async () => {
    const order: number[] = [];
    const wait = async (each: number): Promise<void> => {
      await ownTurn();
      order.push(each);
    };
    await Promise.all([wait(1), wait(2), wait(3)]);
    expect(order).toEqual([1, 2, 3]);
  });

  it("lets no work begin before those who wait", async () => {
    const waiting = ownTurn();
    expect(mustWait(clock.now)).toBe(true);
    expect(pause()).toBeInstanceOf(Promise);
    await waiting;
  });

  it("is over when it is used up: who is left goes on after a further turn", async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      await ownTurn();
      seen.push(turns);
      clock.now += 5;
    };
    await Promise.all([work(), work(), work(), work(), work()]);
    isOver = true;
    const [first = 0] = seen;
    expect(seen.map((at) => at - first)).toEqual([0, 0, 1, 1, 2]);
  });

  it("has room for many short pieces", async () => {
    let turns = 0;
    setImmediate(() => {
      turns += 1;
      setImmediate(() => {
        turns += 1;
      });
    });
    await Promise.all(Array.from({ length: 100 }, () => ownTurn()));
    expect(turns).toBe(1);
  });
});
