import { describe, expect, it } from "vitest";
import { lookInterval, Overtime } from "../../../src/dispatch/overtime.js";

describe("looks", () => {
  it("come four times in a time-out, at least every quarter of a second and at most every millisecond", () => {
    expect([0.1, 4, 100, 1000, 3_600_000].map(lookInterval)).toEqual([1, 1, 25, 250, 250]);
  });
});

describe("a task's time", () => {
  it("is up when its worker was seen at it over the whole of it, once", () => {
    const overtime = new Overtime(100);
    expect(overtime.look(0, 5, 1000)).toBeUndefined();
    expect(overtime.look(0, 5, 1099)).toBeUndefined();
    expect(overtime.look(0, 5, 1100)).toBe("fail");
    expect(overtime.look(0, 5, 1101)).toBeUndefined();
  });

  it("begins with each task, and anew after a pause", () => {
    const overtime = new Overtime(100);
    for (let now = 1000; now < 3000; now += 60) expect(overtime.look(0, now, now)).toBeUndefined();
    overtime.look(0, 7, 3000);
    expect(overtime.look(0, undefined, 3090)).toBeUndefined();
    expect(overtime.look(0, 7, 3110)).toBeUndefined();
    expect(overtime.look(0, 7, 3210)).toBe("fail");
  });

  it("is each worker's own", () => {
    const overtime = new Overtime(100);
    overtime.look(0, 5, 1000);
    overtime.look(1, 6, 1050);
    expect(overtime.look(1, 6, 1100)).toBeUndefined();
    expect(overtime.look(0, 5, 1100)).toBe("fail");
    expect(overtime.look(1, 6, 1150)).toBe("fail");
  });

  it("is followed by a tenth of a second in which it may still leave", () => {
    const overtime = new Overtime(10);
    overtime.look(0, 5, 1000);
    expect(overtime.look(0, 5, 1010)).toBe("fail");
    expect(overtime.look(0, 5, 1109)).toBeUndefined();
    expect(overtime.look(0, 5, 1110)).toBe("end");
    const yielding = new Overtime(10);
    yielding.look(0, 5, 1000);
    expect(yielding.look(0, 5, 1010)).toBe("fail");
    expect(yielding.look(0, undefined, 1020)).toBeUndefined();
    expect(yielding.look(0, undefined, 2000)).toBeUndefined();
  });
});
