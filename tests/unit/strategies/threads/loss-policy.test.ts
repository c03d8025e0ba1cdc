import { describe, expect, it } from "vitest";
import { USELESS } from "../../../../src/protocol/messages.js";
import { LossPolicy, type Lost } from "../../../../src/strategies/threads/loss-policy.js";

const by = (index: number | undefined): Lost => {
  return { exitCode: 7, error: undefined, isForeign: false, index, interrupted: index };
};
const foreign: Lost = { exitCode: 1, error: undefined, isForeign: true, index: undefined, interrupted: 8 };
const PROGRESS = true;
const NONE = false;

describe("a task that ends its workers", () => {
  it.each([0, 1, 3])("is given up when that happened more than maxRetries (%i) times", (maxRetries) => {
    const losses = new LossPolicy(maxRetries);
    for (let i = 0; i < maxRetries; i++) {
      expect(losses.note([by(5)], NONE)).toBeUndefined();
      expect(losses.first).toBeUndefined();
    }
    const last = by(5);
    expect(losses.note([last], NONE)).toBeUndefined();
    expect([...losses.givenUp]).toEqual([[5, last]]);
    expect(losses.first).toBe(last);
  });

  it("is given up at once if it must not run again, even if it is not to blame", () => {
    const losses = new LossPolicy(3);
    losses.giveUp([8, 9], foreign);
    expect(losses.note([foreign], NONE)).toBeUndefined();
    expect([...losses.givenUp.keys()]).toEqual([8, 9]);
    expect(losses.first).toEqual({ ...foreign, index: 8 });
  });

  it("is not charged with what others did", () => {
    const losses = new LossPolicy(1);
    losses.note([by(5), by(6)], PROGRESS);
    losses.note([by(7), foreign], PROGRESS);
    losses.note([by(undefined)], PROGRESS);
    expect(losses.givenUp.size).toBe(0);
    losses.note([by(6)], PROGRESS);
    expect([...losses.givenUp.keys()]).toEqual([6]);
  });

  it("is not charged with workers that earlier calls have made useless", () => {
    const useless: Lost = { ...by(3), error: Object.assign(new Error("useless"), { code: USELESS }) };
    const losses = new LossPolicy(1, 2);
    for (let i = 0; i < 3; i++) expect(losses.note([useless], NONE)).toBeUndefined();
    expect(losses.first).toBeUndefined();
    losses.note([useless], NONE);
    expect(losses.first).toBe(useless);
    const others = new LossPolicy(0, 2);
    others.note([by(3)], NONE);
    expect(others.first?.index).toBe(3);
  });

  it("of several the one with the lowest index is told", () => {
    const losses = new LossPolicy(0);
    losses.note([by(9)], PROGRESS);
    losses.note([by(2), by(4)], PROGRESS);
    expect(losses.first?.index).toBe(2);
    expect([...losses.givenUp.keys()]).toEqual([9, 2, 4]);
  });

  it("is the last one when four in a row do the same, and none between has ended", () => {
    const losses = new LossPolicy(0);
    expect(losses.note([by(0), by(1)], NONE)).toBeUndefined();
    expect(losses.note([by(2)], NONE)).toBeUndefined();
    // There would be a loss for each task that is left.
    expect(losses.note([by(3)], NONE)?.index).toBe(3);
    expect(losses.first?.index).toBe(0);
    const many = new LossPolicy(1);
    const all = [by(0), by(1), by(2), by(3)];
    expect(many.note(all, NONE)).toBeUndefined();
    expect(many.note(all, NONE)).toBe(all[0]);
  });

  it("does not end the rest while rounds progress, or lose workers only to other calls", () => {
    const losses = new LossPolicy(0);
    for (let i = 0; i < 60; i++) {
      expect(losses.note([by(i)], i % 4 === 3 ? PROGRESS : NONE)).toBeUndefined();
    }
    for (let i = 0; i < 5; i++) expect(losses.note([foreign], NONE)).toBeUndefined();
  });
});

describe("losses that no task is to blame for", () => {
  it.each([0, 1, 3])("may come maxRetries (%i) times in a row without progress", (maxRetries) => {
    const losses = new LossPolicy(maxRetries);
    for (let i = 0; i < maxRetries; i++) expect(losses.note([by(undefined)], NONE)).toBeUndefined();
    const last = by(undefined);
    expect(losses.note([foreign, last], NONE)).toBe(last);
    expect(losses.first).toBeUndefined();
  });

  it("begin anew with progress", () => {
    const losses = new LossPolicy(1);
    for (let i = 0; i < 5; i++) {
      expect(losses.note([by(undefined)], NONE)).toBeUndefined();
      expect(losses.note([by(undefined)], PROGRESS)).toBeUndefined();
    }
  });

  it("of workers that others ended count for nothing", () => {
    const losses = new LossPolicy(0);
    for (let i = 0; i < 5; i++) expect(losses.note([foreign, foreign], NONE)).toBeUndefined();
  });
});
