import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTROL_BYTES, ControlBlock } from "../../../../src/protocol/control-block.js";
import { GrantedTasks } from "../../../../src/strategies/processes/child/granted-tasks.js";
import type { Range } from "../../../../src/strategies/processes/messages.js";
import { type Holder, TaskShare } from "../../../../src/strategies/processes/task-share.js";

const newControl = (tasks: number): ControlBlock => {
  const control = new ControlBlock(new Int32Array(CONTROL_BYTES / 4));
  control.reset(tasks);
  return control;
};

const holder = (more: Partial<Holder> = {}): Holder => ({
  outstanding: 0,
  heard: Infinity,
  askBack: () => {},
  lookForTasks: () => {},
  tellLimit: () => {},
  ...more,
});

const lengthOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, [start, end]) => sum + end - start, 0);

describe("what a child is granted", () => {
  it("are few tasks as long as nothing is known of them", () => {
    const share = new TaskShare(newControl(10_000), 10_000, 2, false);
    expect(share.grantFor(holder())).toEqual([[0, 64]]);
    const few = new TaskShare(newControl(8), 8, 2, false);
    expect(few.grantFor(holder())).toEqual([[0, 1]]);
  });

  it("lasts some milliseconds, and so do the next ones that it has before those end", () => {
    const share = new TaskShare(newControl(1_000_000), 1_000_000, 2, false);
    share.note(1000, 1);
    const ranges = share.grantFor(holder());
    expect(lengthOf(ranges)).toBe(4000);
    expect(lengthOf(share.grantFor(holder({ outstanding: 3000 })))).toBe(4000);
    expect(share.grantFor(holder({ outstanding: 5000 }))).toEqual([]);
  });

  it("is one long task, behind which none waits", () => {
    const share = new TaskShare(newControl(100), 100, 2, false);
    share.note(1, 50);
    expect(share.grantFor(holder())).toEqual([[0, 1]]);
    expect(share.grantFor(holder({ outstanding: 1 }))).toEqual([]);
  });

  it("ends at the gate", () => {
    const control = newControl(100);
    control.closeGate(3);
    const share = new TaskShare(control, 100, 1, true);
    share.note(100, 0.001);
    expect(share.grantFor(holder())).toEqual([[0, 3]]);
    expect(share.grantFor(holder())).toEqual([]);
  });
});

describe("what comes back", () => {
  it("is asked of the child that has most, if that pays, and divided among all", () => {
    const control = newControl(100);
    const share = new TaskShare(control, 100, 2, false);
    share.note(1, 1);
    const asked: string[] = [];
    const idle = holder();
    const busy = holder({ outstanding: 9, askBack: () => asked.push("busy") });
    for (const each of [idle, busy, holder({ outstanding: 3, askBack: () => asked.push("other") })])
      share.enter(each);
    while (control.claim(100) !== -1);
    expect(share.mayGetBack(idle)).toBe(true);
    expect(asked).toEqual(["busy"]);
    share.takeBack(busy, [[91, 97]]);
    expect(share.grantFor(idle)).toEqual([[91, 93]]);
    expect(share.grantFor(holder())).toEqual([[93, 95]]);
  });

  it("leaves each child one task to run, so that tasks are not passed on for ever", () => {
    const granted = new GrantedTasks(10, { read: () => ({ limit: 10, wantsBack: true }) });
    granted.grant([[2, 6]]);
    granted.grant([[8, 10]]);
    expect(granted.claimBelowGate(4)).toEqual([2, 3]);
    expect(granted.takeReturned()).toEqual([
      [3, 6],
      [8, 10],
    ]);
  });

  it("is all that has not begun if the child is at a task that takes long", () => {
    const granted = new GrantedTasks(10, { read: () => ({ limit: 10, wantsBack: true }) });
    granted.grant([[2, 6]]);
    granted.look();
    granted.grant([[7, 8]]);
    granted.look();
    expect(granted.takeReturned()).toEqual([
      [2, 6],
      [7, 8],
    ]);
  });

  it("is not asked for if it would be over before", () => {
    const share = new TaskShare(newControl(10), 10, 2, false);
    share.note(100, 0.01);
    const idle = holder();
    share.enter(idle);
    share.enter(holder({ outstanding: 9 }));
    expect(share.mayGetBack(idle)).toBe(false);
  });

  it("is asked for if it already takes longer than was expected", () => {
    const share = new TaskShare(newControl(10), 10, 2, false);
    share.note(100, 0.01);
    const idle = holder();
    share.enter(idle);
    share.enter(holder({ outstanding: 9, heard: -Infinity }));
    expect(share.mayGetBack(idle)).toBe(true);
  });

  it("ends at once if nobody runs it any more", () => {
    const control = newControl(10);
    const share = new TaskShare(control, 10, 1, false);
    const told: number[] = [];
    const only = holder({ tellLimit: (limit) => told.push(limit) });
    share.enter(only);
    share.note(1, 0.001);
    const ranges = share.grantFor(only);
    expect(ranges).toEqual([[0, 10]]);
    share.takeBack(only, ranges);
    expect(control.finished).toBe(false);
    control.lowerLimit(0);
    expect(told).toEqual([0]);
    expect(control.finished).toBe(true);
  });
});

/** Children that run what they are granted, in any order of steps, with reports that come late. */
it("every task is run once, in any order of grants and returns", () => {
  const step = fc.record({ child: fc.nat(2), runs: fc.integer({ min: 1, max: 5 }), asks: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 400 }), (tasks, steps) => {
      const control = newControl(tasks);
      const share = new TaskShare(control, tasks, 3, false);
      share.note(1, 0.3);
      const ran: number[] = [];
      const children = [0, 1, 2].map(() => {
        const told = { limit: tasks, wantsBack: false };
        const granted = new GrantedTasks(tasks, { read: () => told });
        let outstanding = 0;
        const own: Holder = {
          get outstanding() {
            return outstanding;
          },
          heard: Infinity,
          askBack: () => {
            told.wantsBack = true;
          },
          lookForTasks: () => {},
          tellLimit: () => {},
        };
        const advance = (runs: number): void => {
          const ranges = share.grantFor(own);
          granted.grant(ranges);
          outstanding += lengthOf(ranges);
          const claim = granted.claimBelowGate(runs);
          if (claim !== undefined) {
            for (let i = claim[0]; i < claim[1]; i += 1) ran.push(i);
            granted.endClaim(claim[1] - claim[0]);
          }
          outstanding -= lengthOf(granted.takeExecuted());
          const returned = granted.takeReturned();
          if (returned.length > 0) {
            outstanding -= lengthOf(returned);
            told.wantsBack = false;
            share.takeBack(own, returned);
          }
        };
        share.enter(own);
        return { own, advance };
      });
      for (const { child, runs, asks } of steps) {
        const { own, advance } = children[child] as (typeof children)[number];
        advance(runs);
        if (asks) share.mayGetBack(own);
      }
      for (let i = 0; i < 3 * tasks; i += 1) children[i % 3]?.advance(5);
      expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: tasks }, (_, i) => i));
    }),
  );
});
