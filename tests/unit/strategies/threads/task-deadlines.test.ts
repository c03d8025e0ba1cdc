import { describe, expect, it } from "vitest";
import { lookInterval, TaskDeadlines } from "../../../../src/strategies/threads/task-deadlines.js";

describe("looks", () => {
  it("come four times in a time-out, at least every quarter of a second and at most every millisecond", () => {
    expect([0.1, 4, 100, 1000, 3_600_000].map(lookInterval)).toEqual([1, 1, 25, 250, 250]);
  });
});

describe("a task's time", () => {
  it("is up when its worker was seen at it over the whole of it, once", () => {
    const overtime = new TaskDeadlines(100);
    for (const now of [1000, 1025, 1050, 1075, 1099]) expect(overtime.look(0, 5, now)).toBeUndefined();
    expect(overtime.look(0, 5, 1100)).toBe("fail");
    expect(overtime.look(0, 5, 1101)).toBeUndefined();
  });

  it("begins with each task, and anew after a pause", () => {
    const overtime = new TaskDeadlines(100);
    for (let now = 1000; now < 3000; now += 25) {
      expect(overtime.look(0, Math.floor(now / 100), now)).toBeUndefined();
    }
    overtime.look(0, 77, 3000);
    overtime.look(0, 77, 3045);
    expect(overtime.look(0, undefined, 3090)).toBeUndefined();
    overtime.look(0, 77, 3110);
    overtime.look(0, 77, 3160);
    expect(overtime.look(0, 77, 3209)).toBeUndefined();
    expect(overtime.look(0, 77, 3210)).toBe("fail");
  });

  it("is each worker's own", () => {
    const overtime = new TaskDeadlines(100);
    overtime.look(0, 5, 1000);
    overtime.look(0, 5, 1050);
    overtime.look(1, 6, 1050);
    expect(overtime.look(1, 6, 1100)).toBeUndefined();
    expect(overtime.look(0, 5, 1100)).toBe("fail");
    expect(overtime.look(1, 6, 1150)).toBe("fail");
  });

  it("is not what passed while nobody could look: of that, twice the time between two looks counts", () => {
    const overtime = new TaskDeadlines(100);
    overtime.look(0, 5, 1000);
    expect(overtime.look(0, 5, 61_000)).toBeUndefined();
    expect(overtime.look(0, 5, 61_049)).toBeUndefined();
    expect(overtime.look(0, 5, 61_050)).toBe("fail");
    // A suspended process gives it no less time to leave.
    expect(overtime.look(0, 5, 121_000)).toBeUndefined();
  });

  it("is followed by a tenth of a second in which it may still leave", () => {
    const overtime = new TaskDeadlines(200);
    for (let now = 1000; now < 1200; now += 50) overtime.look(0, 5, now);
    expect(overtime.look(0, 5, 1200)).toBe("fail");
    expect(overtime.look(0, 5, 1250)).toBeUndefined();
    expect(overtime.look(0, 5, 1299)).toBeUndefined();
    expect(overtime.look(0, 5, 1300)).toBe("end");
    const yielding = new TaskDeadlines(10);
    for (let now = 1000; now < 1010; now += 2) yielding.look(0, 5, now);
    expect(yielding.look(0, 5, 1010)).toBe("fail");
    expect(yielding.look(0, undefined, 1020)).toBeUndefined();
    expect(yielding.look(0, undefined, 2000)).toBeUndefined();
  });
});
