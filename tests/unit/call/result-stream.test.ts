import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResultStream } from "../../../src/call/result-stream.js";
import { ControlBlock } from "../../../src/protocol/control-block.js";
import { LEAST_AHEAD, type StreamBuffer } from "../../../src/strategies/stream-buffer.js";

/** A call that does what the test wants, when it wants it. */
class Call {
  runs = 0;
  backlog!: StreamBuffer;
  signal!: AbortSignal;
  readonly control = new ControlBlock(new Int32Array(16));
  end!: () => void;
  fail!: (error: unknown) => void;
  readonly iterator: AsyncIterator<{ index: number; value: unknown }, undefined>;

  constructor(tasks = 100) {
    const stream = new ResultStream((backlog, signal) => {
      this.runs += 1;
      this.backlog = backlog;
      this.signal = signal;
      this.control.reset(tasks);
      backlog.beginRound(this.control, tasks, 1);
      return new Promise<void>((resolve, reject) => {
        this.end = resolve;
        this.fail = reject;
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    this.iterator = stream[Symbol.asyncIterator]();
  }
}

const done = { done: true, value: undefined };
const result = (index: number): unknown => ({ done: false, value: { index, value: 10 * index } });

describe("a loop over a stream", () => {
  it("starts the call with its first step, once", async () => {
    const call = new Call();
    expect(call.runs).toBe(0);
    const steps = [call.iterator.next(), call.iterator.next()];
    expect(call.runs).toBe(1);
    call.backlog.receive(0, 0);
    call.backlog.receive(1, 10);
    expect(await Promise.all(steps)).toEqual([result(0), result(1)]);
  });

  it("answers steps in their order, those asked for before and after the results", async () => {
    const call = new Call();
    const early = [call.iterator.next(), call.iterator.next(), call.iterator.next()];
    for (let i = 0; i < 5; i++) call.backlog.receive(i, 10 * i);
    const late = [call.iterator.next(), call.iterator.next(), call.iterator.next()];
    call.end();
    expect(await Promise.all([...early, ...late])).toEqual([0, 1, 2, 3, 4].map(result).concat(done));
    expect(await call.iterator.next()).toEqual(done);
  });

  it("gives what came before a failure, then the failure once", async () => {
    const call = new Call();
    const first = call.iterator.next();
    call.backlog.receive(0, 0);
    call.backlog.receive(1, 10);
    call.fail(new RangeError("seventh"));
    expect(await first).toEqual(result(0));
    expect(await call.iterator.next()).toEqual(result(1));
    await expect(call.iterator.next()).rejects.toThrow(new RangeError("seventh"));
    expect(await call.iterator.next()).toEqual(done);
  });

  it("fails the first of several steps, and ends the others", async () => {
    const call = new Call();
    const steps = [call.iterator.next(), call.iterator.next()];
    call.fail("reason");
    const [first, second] = await Promise.allSettled(steps);
    expect(first).toEqual({ status: "rejected", reason: "reason" });
    expect(second).toEqual({ status: "fulfilled", value: done });
  });

  it("that is left cancels at once, though a step waits, and drops what comes", async () => {
    const call = new Call();
    const step = call.iterator.next();
    const left = call.iterator.return?.();
    expect(call.signal.aborted).toBe(true);
    expect(await step).toEqual(done);
    expect(await left).toEqual(done);
    call.backlog.receive(0, 0);
    expect(await call.iterator.next()).toEqual(done);
    expect(await call.iterator.return?.()).toEqual(done);
    expect(call.runs).toBe(1);
  });

  it("that is left by throw() cancels and throws", async () => {
    const call = new Call();
    const step = call.iterator.next();
    await expect(call.iterator.throw?.(new RangeError("mine"))).rejects.toThrow(new RangeError("mine"));
    expect(call.signal.aborted).toBe(true);
    expect(await step).toEqual(done);
  });

  it("that is left before its first step never starts the call", async () => {
    const call = new Call();
    expect(await call.iterator.return?.()).toEqual(done);
    expect(await call.iterator.next()).toEqual(done);
    expect(call.runs).toBe(0);
  });

  it("counts a result as taken when a step gets it, even at once", async () => {
    const call = new Call();
    const step = call.iterator.next();
    expect(call.control.claimable).toBe(LEAST_AHEAD);
    for (let i = 0; i < LEAST_AHEAD; i++) {
      const [start, end] = call.control.claimBelowGate(1) as [number, number];
      call.control.endClaim(end - start);
      call.backlog.receive(start, 10 * start);
    }
    // One of them answered the step that waited.
    expect(await step).toEqual(result(0));
    expect(call.control.claimable).toBe(0);
    await call.iterator.next();
    expect(call.control.claimable).toBeGreaterThan(0);
  });
});

const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("claim" as const), count: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("end" as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("next" as const), times: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("turn" as const) }) },
);

it("a stream gives every result once, in any order of steps, claims and their ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 120 }),
      fc.array(event, { maxLength: 60 }),
      async (tasks, events) => {
        const call = new Call(tasks);
        const steps: Promise<IteratorResult<{ index: number; value: unknown }, undefined>>[] = [];
        const next = (): number => steps.push(call.iterator.next());
        const open: (readonly [number, number])[] = [];
        const claim = (count: number): boolean => {
          const claimed = call.control.claimBelowGate(count);
          if (claimed !== undefined) open.push(claimed);
          return claimed !== undefined;
        };
        const end = (which: number): void => {
          const [claimed] = open.splice(which % open.length, 1);
          if (claimed === undefined) return;
          for (let i = claimed[0]; i < claimed[1]; i++) call.backlog.receive(i, 10 * i);
          call.control.endClaim(claimed[1] - claimed[0]);
        };
        next();
        for (const each of events) {
          if (each.type === "claim") claim(each.count);
          else if (each.type === "end") end(each.which);
          else if (each.type === "turn") await Promise.resolve();
          else for (let i = 0; i < each.times; i++) next();
        }
        // A loop that goes on comes to the end: nothing is kept back for good.
        while (!call.control.finished) {
          while (claim(3));
          if (open.length > 0) end(0);
          else next();
          expect(steps.length).toBeLessThan(500);
        }
        call.end();
        while (steps.length <= tasks) next();
        const seen = (await Promise.all(steps)).flatMap(({ value }) =>
          value === undefined ? [] : [value.index],
        );
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: tasks }, (_, i) => i));
      },
    ),
  );
});
