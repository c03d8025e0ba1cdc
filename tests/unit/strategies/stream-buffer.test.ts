import { afterEach, describe, expect, it, vi } from "vitest";
import { ControlBlock } from "../../../src/protocol/control-block.js";
import { LEAST_AHEAD, MOST_AHEAD, StreamBuffer } from "../../../src/strategies/stream-buffer.js";

vi.mock("../../../src/platform/builtins.js", () => import("../late-builtins.js"));

const WORKERS = 2;
const LEAST = LEAST_AHEAD * WORKERS;

function setUp(tasks: number) {
  const backlog = new StreamBuffer();
  const control = new ControlBlock(new Int32Array(16));
  control.reset(tasks);
  backlog.beginRound(control, tasks, WORKERS);
  const rooms = vi.fn();
  backlog.onRoom = rooms;
  /** Runs all that the gate lets pass. @returns how much that was */
  const runAll = (): number => {
    const claimed = control.claimBelowGate(tasks);
    if (claimed === undefined) return 0;
    for (let i = claimed[0]; i < claimed[1]; i++) backlog.receive(i, i);
    control.endClaim(claimed[1] - claimed[0]);
    return claimed[1] - claimed[0];
  };
  const take = (count: number): void => {
    let taken = 0;
    for (let i = 0; i < count; i++) if (backlog.take() !== undefined) taken += 1;
    expect(taken).toBe(count);
  };
  return { backlog, control, rooms, runAll, take };
}

function stopTheClock(): { now: number } {
  const clock = { now: 1000 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("in order", () => {
  it("results wait for those of earlier tasks", () => {
    const buffer = new StreamBuffer();
    buffer.order();
    const taken = (): unknown[] => {
      const values: unknown[] = [];
      for (let next = buffer.take(); next !== undefined; next = buffer.take()) values.push(next.value);
      return values;
    };
    for (const index of [2, 1, 4]) buffer.receive(index, index * 10);
    expect(taken()).toEqual([]);
    buffer.receive(0, 0);
    expect(taken()).toEqual([0, 10, 20]);
    buffer.receive(3, undefined);
    expect(taken()).toEqual([undefined, 40]);
  });

  it("the first task may start although all room is taken by results that wait for it", () => {
    const buffer = new StreamBuffer();
    buffer.order();
    const control = new ControlBlock(new Int32Array(16));
    control.reset(100);
    buffer.beginRound(control, 100, 1);
    expect(control.claimBelowGate(100)).toEqual([0, LEAST_AHEAD]);
    for (let i = 1; i < LEAST_AHEAD; i += 1) buffer.receive(i, i);
    buffer.endRound();
    // Its worker was lost, and more results have come than there is room for.
    for (let i = LEAST_AHEAD; i < 2 * LEAST_AHEAD; i += 1) buffer.receive(i, i);
    const again = new ControlBlock(new Int32Array(16));
    again.reset(93);
    buffer.beginRound(again, 93, 1);
    expect(again.claimBelowGate(100)).toEqual([0, 1]);
  });
});

describe("room for results", () => {
  it("is had by few of a slow loop, and comes back by halves", () => {
    const clock = stopTheClock();
    const { rooms, runAll, take } = setUp(1000);
    expect(runAll()).toBe(LEAST);
    for (let i = 1; i < LEAST / 2; i++) {
      clock.now += 100;
      take(1);
      expect(runAll()).toBe(0);
    }
    expect(rooms).toHaveBeenCalledTimes(0);
    clock.now += 100;
    take(1);
    expect(rooms).toHaveBeenCalledTimes(1);
    expect(runAll()).toBe(LEAST / 2);
  });

  it("doubles while the loop is fast, up to a limit, and halves when it gets slow", () => {
    const clock = stopTheClock();
    const { backlog, runAll, take } = setUp(1_000_000);
    let unread = runAll();
    let most = unread;
    for (let i = 0; i < 100; i++) {
      take(unread);
      unread = runAll();
      most = Math.max(most, unread);
    }
    expect(most).toBe(MOST_AHEAD * WORKERS);
    for (let i = 0; i < 2 * most; i++) {
      clock.now += 5;
      take(1);
      unread += runAll() - 1;
    }
    expect(unread).toBeLessThanOrEqual(LEAST);
    expect(backlog.hasRoomFor(LEAST - unread, WORKERS)).toBe(true);
    expect(backlog.hasRoomFor(LEAST - unread + 1, WORKERS)).toBe(false);
  });

  it("counts what is unread from earlier rounds", () => {
    stopTheClock().now = 5000;
    const { backlog, runAll, take } = setUp(1000);
    take(runAll() - 3);
    backlog.endRound();
    const control = new ControlBlock(new Int32Array(16));
    control.reset(500);
    backlog.beginRound(control, 500, 1);
    expect(control.claimable).toBe(LEAST_AHEAD * 2 - 3);
  });

  it("may be none when a round begins, and comes with the loop", () => {
    const clock = stopTheClock();
    const { backlog, runAll, take } = setUp(1000);
    runAll();
    backlog.endRound();
    const control = new ControlBlock(new Int32Array(16));
    control.reset(5);
    backlog.beginRound(control, 5, 1);
    expect(control.claimable).toBe(0);
    clock.now += 100;
    take(LEAST);
    expect(control.claimable).toBeGreaterThan(0);
  });

  it("lets the last tasks pass, even if they are less than half of it", () => {
    const clock = stopTheClock();
    const { runAll, take, control } = setUp(LEAST + 1);
    runAll();
    clock.now += 100;
    take(LEAST / 2);
    expect(runAll()).toBe(1);
    expect(control.finished).toBe(true);
  });

  it("does not count once the buffer is opened, in this round and later ones", () => {
    const { backlog, runAll, rooms } = setUp(1000);
    runAll();
    backlog.open();
    expect(rooms).toHaveBeenCalledTimes(1);
    expect(runAll()).toBe(1000 - LEAST);
    backlog.endRound();
    const control = new ControlBlock(new Int32Array(16));
    control.reset(300);
    backlog.beginRound(control, 300, 1);
    expect(control.claimable).toBe(300);
  });

  it("touches no control block of a round that has ended", () => {
    const { backlog, control, rooms, runAll, take } = setUp(1000);
    runAll();
    backlog.endRound();
    const raise = vi.spyOn(control, "raiseGate");
    take(LEAST);
    backlog.open();
    expect(raise).not.toHaveBeenCalled();
    expect(rooms).not.toHaveBeenCalled();
  });
});

it("a buffer keeps nothing for a loop that was left", () => {
  const { backlog, runAll } = setUp(10);
  runAll();
  backlog.drop();
  expect(backlog.take()).toBeUndefined();
  backlog.receive(9, 9);
  expect(backlog.take()).toBeUndefined();
});

describe("emptied()", () => {
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("resolves when the loop has taken what has come, or was left", async () => {
    const backlog = new StreamBuffer();
    await backlog.emptied();
    let times = 0;
    const count = (): void => {
      times += 1;
    };
    backlog.receive(0, "a");
    backlog.receive(1, "b");
    void backlog.emptied().then(count);
    backlog.take();
    await settle();
    expect(times).toBe(0);
    backlog.take();
    await settle();
    expect(times).toBe(1);
    backlog.receive(2, "c");
    void backlog.emptied().then(count);
    backlog.drop();
    await settle();
    expect(times).toBe(2);
  });
});
