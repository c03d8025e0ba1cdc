import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnyKernel } from "../../../../src/kernel/types.js";
import { Arena } from "../../../../src/memory/arena.js";
import { Lease } from "../../../../src/memory/lease.js";
import { GUARD_MS } from "../../../../src/plan/hand-over-cost.js";
import type { MaybePromise } from "../../../../src/platform/maybe-promise.js";
import { SLICE_MS } from "../../../../src/platform/time-slice.js";
import { openBlock } from "../../../../src/protocol/job-block.js";
import { unpackThrown } from "../../../../src/protocol/thrown.js";
import { Job, type JobParts } from "../../../../src/strategies/job.js";
import { SequentialRun } from "../../../../src/strategies/sequential/sequential-run.js";
import type { Overseer, RunReport } from "../../../../src/strategies/strategy.js";
import { LEAST_AHEAD, StreamBuffer } from "../../../../src/strategies/stream-buffer.js";
import { inlineAddress } from "../../kernel/addresses.js";

vi.mock("../../../../src/platform/builtins.js", () => import("../../late-builtins.js"));

// A first task that is meant to return in time must do so on a busy machine too.
const limit = vi.hoisted((): { ms: number | undefined } => ({ ms: undefined }));
vi.mock("../../../../src/platform/watchdog.js", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../../../src/platform/watchdog.js")>();
  const callWithin = <T>(fn: () => T, ms: number) => original.callWithin(fn, limit.ms ?? ms);
  return { ...original, callWithin };
});

type IndexKernel = (index: number) => unknown;

/** A job of one task per element, of a kernel that sees nothing but the index. */
function jobOf(tasks: number, kernel: IndexKernel, more: Partial<JobParts> = {}): Job {
  const arena = new Arena(2 ** 24);
  const local = (_view: unknown, { index }: { index: number }): unknown => kernel(index);
  return new Job({
    spec: {
      shape: "array",
      tasks,
      length: tasks,
      chunkSize: 1,
      inputs: { names: null, arrays: [0] },
      outputs: null,
      args: null,
      shared: null,
    },
    kernel: {
      id: 1,
      name: "kernel",
      address: inlineAddress(""),
      isThreadSafe: true,
      stateful: false,
      lingers: false,
      writes: 0,
      local: () => local as AnyKernel,
      captured: undefined,
    },
    arrays: [new Uint8Array(tasks)],
    sizes: [{ length: tasks }],
    block: openBlock(arena, tasks, undefined).block,
    packing: null,
    lease: new Lease(arena),
    streamBuffer: undefined,
    isTraced: false,
    timeout: undefined,
    runsOnce: false,
    ...more,
  });
}

class FakeOverseer implements Overseer {
  readonly firstTaskLimit: number | undefined;
  readonly firstLook: number = SLICE_MS;
  readonly asked: [left: number, perTask: number][] = [];
  readonly #answer: (left: number) => boolean;

  constructor(answer: (left: number) => boolean, guardsFirstTask = false) {
    this.#answer = answer;
    this.firstTaskLimit = guardsFirstTask ? GUARD_MS : undefined;
  }

  takesOverAtOnce(): boolean {
    return false;
  }

  takesOver(left: number, perTask: number): boolean {
    this.asked.push([left, perTask]);
    return this.#answer(left);
  }
}

/** Time stands still, except for what a task says it took. */
function stopTheClock(): { now: number } {
  const clock = { now: 1000 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

/** What a look into the run shows in every turn of the event loop until it ends. */
async function seenByTheLoop(run: () => MaybePromise<unknown>, look: () => number): Promise<number[]> {
  const seen: number[] = [];
  let isOver = false;
  const turn = (): void => {
    seen.push(look());
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  isOver = true;
  await new Promise<void>((resolve) => setImmediate(resolve));
  return seen;
}

const valuesOf = (job: Job): unknown[] => job.parts.block.results.collect(job.received);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const stays = (): boolean => false;
const leaves = (): boolean => true;

beforeEach(async () => {
  limit.ms = 60_000;
  // The slice is the thread's: what the test before has left of it is over.
  await nextTurn();
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a run on this thread", () => {
  it("runs every task and tells of its time and of its one thread", async () => {
    const clock = stopTheClock();
    const job = jobOf(20, (index) => {
      clock.now += 1;
      return index;
    });
    const report = await new SequentialRun(job).run();
    expect(valuesOf(job)).toEqual(upTo(20));
    const { computing, ...figures } = report;
    expect(figures).toEqual({
      strategy: "sequential",
      ran: 20,
      workers: 1,
      busy: 20,
      metadataBytes: 0,
      sending: 0,
      retries: 0,
      left: 0,
      woken: 1000,
      ready: 1000,
      claims: [],
    });
    expect(computing?.start).toBeCloseTo(1000, 6);
    expect(computing?.end).toBeCloseTo(1020, 6);
    expect(job.ended).toBe(20);
  });

  it("notes its claims if it is traced, as thread 0", async () => {
    const job = jobOf(500, (index) => index, { isTraced: true });
    const { claims } = await new SequentialRun(job).run();
    expect(claims[0]).toMatchObject({ worker: 0, firstTask: 0 });
    let next = 0;
    for (const { worker, firstTask, tasks } of claims) {
      expect([worker, firstTask]).toEqual([0, next]);
      next += tasks;
    }
    expect(next).toBe(500);
  });

  it("gives the event loop its turn between slices", async () => {
    const clock = stopTheClock();
    let ran = 0;
    const job = jobOf(40, () => {
      clock.now += 1;
      ran += 1;
    });
    expect(
      await seenByTheLoop(
        () => new SequentialRun(job).run(),
        () => ran,
      ),
    ).toEqual([8, 16, 24, 32, 40]);
  });

  it("gives the event loop its turn between slices of async tasks that wait for nothing", async () => {
    const clock = stopTheClock();
    let ran = 0;
    const job = jobOf(40, async () => {
      clock.now += 1;
      ran += 1;
    });
    const seen = await seenByTheLoop(
      () => new SequentialRun(job).run(),
      () => ran,
    );
    expect(Math.max(...seen.map((at, i) => at - (seen[i - 1] ?? 0)))).toBeLessThanOrEqual(SLICE_MS);
  });
});

describe("an overseer", () => {
  it("is asked after every slice, with the tasks that are left and what one takes", async () => {
    const clock = stopTheClock();
    const job = jobOf(40, (index) => {
      clock.now += 2;
      return index;
    });
    const overseer = new FakeOverseer(stays);
    const { left } = await new SequentialRun(job, overseer).run();
    expect(overseer.asked).toEqual([36, 32, 28, 24, 20, 16, 12, 8, 4].map((tasks) => [tasks, 2]));
    expect(left).toBe(0);
    expect(valuesOf(job)).toEqual(upTo(40));
  });

  it("that takes over gets exactly the tasks that have not run", async () => {
    const clock = stopTheClock();
    const ran: number[] = [];
    const job = jobOf(40, (index) => {
      clock.now += 2;
      ran.push(index);
      return index;
    });
    const report = await new SequentialRun(job, new FakeOverseer((left) => left <= 30)).run();
    expect(report).toMatchObject({ ran: 12, left: 28, busy: 24 });
    expect(ran).toEqual(upTo(12));
    expect(job.unfinished()).toEqual(Uint32Array.from(upTo(28), (i) => i + 12));
    // Whoever takes over may be this strategy again.
    const rest = await new SequentialRun(job).run();
    expect(rest).toMatchObject({ ran: 28, left: 0 });
    expect(ran).toEqual(upTo(40));
    expect(valuesOf(job)).toEqual(upTo(40));
    expect(job.ended).toBe(40);
  });

  it("that takes over in the middle of a claim gets exactly the tasks that have not run", async () => {
    const clock = stopTheClock();
    const ran: number[] = [];
    // Quick at first, so that claims are large by the time that tasks become slow.
    const job = jobOf(5000, (index) => {
      if (index >= 3000) clock.now += 5;
      ran.push(index);
      return index;
    });
    const { left, busy, ran: count } = await new SequentialRun(job, new FakeOverseer(leaves)).run();
    expect(ran).toEqual(upTo(5000 - left));
    expect(count).toBe(ran.length);
    // The claim in hand counts as far as it came.
    expect(busy).toBe(5 * (ran.length - 3000));
    expect(left).toBeGreaterThan(0);
    expect(job.unfinished()).toEqual(Uint32Array.from(upTo(left), (i) => i + 5000 - left));
  });

  it("is not asked when nothing is left", async () => {
    const clock = stopTheClock();
    const overseer = new FakeOverseer(leaves);
    const job = jobOf(1, () => {
      clock.now += 100;
    });
    expect((await new SequentialRun(job, overseer).run()).left).toBe(0);
    expect(overseer.asked).toEqual([]);
  });

  it("is asked of tasks that return promises too", async () => {
    const clock = stopTheClock();
    const job = jobOf(10, async (index) => {
      clock.now += SLICE_MS;
      return index;
    });
    const overseer = new FakeOverseer(stays);
    await new SequentialRun(job, overseer).run();
    expect(overseer.asked.length).toBeGreaterThan(0);
  });
});

describe("a time-out", () => {
  it.each<[string, (index: number) => unknown]>([
    [
      "never returns",
      (index) => {
        while (index === 2);
        return index;
      },
    ],
    ["returns a promise that never settles", (index) => (index === 2 ? new Promise(() => {}) : index)],
  ])("ends a task that %s, as a failure without an error of its own", async (_, kernel) => {
    limit.ms = undefined;
    const job = jobOf(5, kernel, { timeout: 300 });
    await new SequentialRun(job).run();
    expect(job.failure).toEqual({ index: 2, thrown: undefined });
    // Those before it have ended, those behind it have not begun.
    const { results } = job.parts.block;
    expect([0, 1, 3, 4].map((i) => results.isPending(i))).toEqual([false, false, true, true]);
  });

  it("has the memory that an ended task may still write never used again", async () => {
    limit.ms = undefined;
    const lease = new Lease(new Arena(2 ** 20));
    const reachedBy = vi.spyOn(lease, "reachedBy");
    const spinning = (): void => {
      for (;;);
    };
    await new SequentialRun(jobOf(1, spinning, { timeout: 20, lease })).run();
    expect(reachedBy).not.toHaveBeenCalled();
    await new SequentialRun(jobOf(1, () => new Promise(() => {}), { timeout: 20, lease })).run();
    expect(reachedBy.mock.calls).toEqual([["here"]]);
  });

  it("leaves tasks that end in time as they are, and their errors", async () => {
    const job = jobOf(4, async (index) => index, { timeout: 60_000 });
    await new SequentialRun(job).run();
    expect(valuesOf(job)).toEqual([0, 1, 2, 3]);
    const failing = jobOf(
      4,
      (index) => {
        if (index === 2) throw new RangeError("mine");
        return index;
      },
      { timeout: 60_000 },
    );
    await new SequentialRun(failing).run();
    expect(failing.failure).toMatchObject({ index: 2, thrown: { message: "mine" } });
  });

  it("that is over before a first task is given up ends it", async () => {
    limit.ms = undefined;
    const spinning = (): void => {
      for (;;);
    };
    const job = jobOf(3, spinning, { timeout: GUARD_MS / 2 });
    await new SequentialRun(job, new FakeOverseer(stays, true)).run();
    expect(job.failure).toEqual({ index: 0, thrown: undefined });
    const other = jobOf(3, spinning, { timeout: 60_000 });
    expect(await new SequentialRun(other, new FakeOverseer(stays, true)).run()).toMatchObject({ left: 3 });
    expect(other.failure).toBeUndefined();
  });
});

describe("a guarded first task", () => {
  const guard = (
    kernel: IndexKernel,
    tasks = 5,
  ): { job: Job; run: MaybePromise<RunReport>; runs: number[] } => {
    const runs: number[] = [];
    const job = jobOf(tasks, (index) => {
      runs.push(index);
      return kernel(index);
    });
    return { job, run: new SequentialRun(job, new FakeOverseer(stays, true)).run(), runs };
  };

  it("that returns in time has run once, and its value counts", async () => {
    const { job, run, runs } = guard((index) => index + 1);
    expect((await run).left).toBe(0);
    expect(runs).toEqual([0, 1, 2, 3, 4]);
    expect(valuesOf(job)).toEqual([1, 2, 3, 4, 5]);
  });

  it("that does not end is given up, and every task is left", async () => {
    limit.ms = undefined;
    const { job, run, runs } = guard((index) => {
      while (index === 0);
    });
    expect(await run).toMatchObject({ left: 5, busy: 0, computing: undefined, claims: [] });
    // On a busy machine the time may be over before it has begun.
    expect(runs.filter((index) => index !== 0)).toEqual([]);
    expect(job.failure).toBeUndefined();
    expect(job.unfinished()).toEqual(Uint32Array.of(0, 1, 2, 3, 4));
  });

  it("that throws fails as any other", async () => {
    const { job, run, runs } = guard(() => {
      throw new RangeError("mine");
    });
    await run;
    expect(runs).toEqual([0]);
    expect(job.failure?.index).toBe(0);
    expect(unpackThrown(job.failure?.thrown as Parameters<typeof unpackThrown>[0])).toMatchObject({
      name: "RangeError",
      message: "mine",
    });
  });

  it("that returns a promise is awaited, or fails when that rejects", async () => {
    const kept = guard(async (index) => index * 2);
    await kept.run;
    expect(valuesOf(kept.job)).toEqual([0, 2, 4, 6, 8]);
    const broken = guard(async () => {
      throw new Error("later");
    });
    await broken.run;
    expect(broken.job.failure?.index).toBe(0);
    expect(broken.runs).toEqual([0]);
  });

  it("is the first of those that are left", async () => {
    const runs: number[] = [];
    const clock = stopTheClock();
    const job = jobOf(10, (index) => {
      clock.now += 4;
      runs.push(index);
      return index;
    });
    await new SequentialRun(job, new FakeOverseer(leaves)).run();
    expect(runs).toEqual([0, 1]);
    await new SequentialRun(job, new FakeOverseer(stays, true)).run();
    expect(runs).toEqual(upTo(10));
    expect(valuesOf(job)).toEqual(upTo(10));
  });

  it("does not start in a job that was stopped, or if there is no task", async () => {
    const runs: number[] = [];
    const job = jobOf(3, (index) => runs.push(index));
    job.stop(new Error("enough"));
    await new SequentialRun(job, new FakeOverseer(stays, true)).run();
    expect(runs).toEqual([]);
    const { run, runs: none } = guard(() => 1, 0);
    expect((await run).left).toBe(0);
    expect(none).toEqual([]);
  });

  it("counts with its time", async () => {
    const clock = stopTheClock();
    const { run } = guard(() => {
      clock.now += 1;
    });
    const report = await run;
    expect(report.busy).toBe(5);
    expect(report.computing?.start).toBeCloseTo(1000, 6);
  });

  it("is the beginning of the first slice", async () => {
    const clock = stopTheClock();
    const overseer = new FakeOverseer(stays, true);
    const job = jobOf(3, () => {
      clock.now += SLICE_MS;
    });
    await new SequentialRun(job, overseer).run();
    expect(overseer.asked).toEqual([
      [2, SLICE_MS],
      [1, SLICE_MS],
    ]);
  });
});

describe("a stream on this thread", () => {
  /** A stream of which the test takes results. */
  function stream(tasks: number, kernel: IndexKernel) {
    const streamBuffer = new StreamBuffer();
    const arrived = vi.fn();
    streamBuffer.onResult = arrived;
    const job = jobOf(tasks, kernel, { streamBuffer });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return { streamBuffer, job, arrived, turn };
  }

  it("runs ahead of the loop as far as there is room, and goes on when results are taken", async () => {
    const clock = stopTheClock();
    const ran: number[] = [];
    const { streamBuffer, job, turn } = stream(100, (index) => ran.push(index));
    const running = new SequentialRun(job).run();
    const taken: number[] = [];
    while (taken.length < 100) {
      await turn();
      expect(ran.length - taken.length).toBeLessThanOrEqual(LEAST_AHEAD);
      // Slowly, so that it gets no more room.
      clock.now += 1000;
      const next = streamBuffer.take();
      if (next !== undefined) taken.push(next.index);
    }
    expect(taken).toEqual(upTo(100));
    expect(await running).toMatchObject({ left: 0, ran: 100 });
  });

  it("that is stopped at the gate ends", async () => {
    const { job, turn } = stream(100, (index) => index);
    const running = new SequentialRun(job).run();
    await turn();
    job.stop("reason");
    expect(await running).toMatchObject({ left: 0 });
  });

  it("tells the overseer what tasks take, without what it waited for the loop", async () => {
    const clock = stopTheClock();
    const { streamBuffer, job, turn } = stream(40, (index) => {
      clock.now += 3;
      return index;
    });
    const overseer = new FakeOverseer(stays);
    const running = new SequentialRun(job, overseer).run();
    let taken = 0;
    while (taken < 40) {
      await turn();
      // The loop is slow.
      clock.now += 1000;
      if (streamBuffer.take() !== undefined) taken += 1;
    }
    await running;
    expect(overseer.asked.length).toBeGreaterThan(2);
    for (const [, perTask] of overseer.asked) expect(perTask).toBeCloseTo(3);
  });

  it("that is handed over leaves what it holds unread, and every task that it has not run", async () => {
    const clock = stopTheClock();
    const { job, arrived } = stream(100, () => {
      clock.now += SLICE_MS;
    });
    const report = await new SequentialRun(job, new FakeOverseer(leaves)).run();
    expect(report.left).toBe(100 - arrived.mock.calls.length);
    expect(job.unfinished()).toHaveLength(report.left);
  });
});
