import { describe, expect, it } from "vitest";
import { GrantedTasks } from "../../../../../src/strategies/processes/child/granted-tasks.js";

/** The tasks of a round of 100, and what the parent tells. */
function setUp() {
  const told = { limit: 100, wantsBack: false };
  return { told, tasks: new GrantedTasks(100, { read: () => told }) };
}

describe("granted tasks", () => {
  it("are claimed in order, no more at a time than a range has", () => {
    const { tasks } = setUp();
    tasks.grant([
      [10, 14],
      [40, 42],
    ]);
    expect(tasks.claimable).toBe(6);
    expect(tasks.claimBelowGate(3)).toEqual([10, 13]);
    expect(tasks.claimBelowGate(3)).toEqual([13, 14]);
    expect(tasks.claimBelowGate(3)).toEqual([40, 42]);
    expect(tasks.claimBelowGate(3)).toBeUndefined();
    expect(tasks.exhausted).toBe(false);
  });

  it("that have not begun go back if the parent wants them, but for one", () => {
    const { told, tasks } = setUp();
    tasks.grant([
      [10, 14],
      [40, 42],
    ]);
    told.wantsBack = true;
    expect(tasks.claimBelowGate(3)).toEqual([10, 11]);
    expect(tasks.takeReturned()).toEqual([
      [11, 14],
      [40, 42],
    ]);
    expect(tasks.hasReturned).toBe(false);
    expect(tasks.claimable).toBe(0);
  });

  it("all go back while none runs", () => {
    const { told, tasks } = setUp();
    tasks.grant([[10, 14]]);
    tasks.look();
    expect(tasks.hasReturned).toBe(false);
    told.wantsBack = true;
    tasks.look();
    expect(tasks.takeReturned()).toEqual([[10, 14]]);
  });

  it("that have ended are told once, neighbours as one", () => {
    const { tasks } = setUp();
    tasks.grant([
      [10, 14],
      [40, 42],
    ]);
    for (const count of [2, 2, 2]) {
      const [start, end] = tasks.claimBelowGate(count) as readonly [number, number];
      tasks.endClaim(end - start);
    }
    expect(tasks.takeExecuted()).toEqual([
      [10, 14],
      [40, 42],
    ]);
    expect(tasks.takeExecuted()).toEqual([]);
  });

  it("follow the parent's limit", () => {
    const { told, tasks } = setUp();
    told.limit = 20;
    tasks.look();
    expect(tasks.limit).toBe(20);
  });
});
