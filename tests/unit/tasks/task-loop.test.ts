import { afterEach, describe, expect, it, vi } from "vitest";
import { ControlBlock } from "../../../src/protocol/control-block.js";
import {
  AT,
  BUSY,
  ENDED,
  LOG_WORDS,
  LOGGED,
  METER_WORDS,
  RUNNING,
  STARTED,
} from "../../../src/protocol/meter.js";
import { ResultCopier, type ResultCopy } from "../../../src/protocol/result-copy.js";
import { ResultTable } from "../../../src/protocol/result-table.js";
import { type Thrown, unpackThrown } from "../../../src/protocol/thrown.js";
import { AbortCheck } from "../../../src/tasks/abort-check.js";
import { type ResultSink, TaskLoop, type TaskLoopParts } from "../../../src/tasks/task-loop.js";
import { listedOrder } from "../../../src/tasks/task-order.js";

vi.mock("../../../src/platform/builtins.js", () => import("../late-builtins.js"));

class RecordingOutbox implements ResultSink {
  readonly values = new Map<number, unknown>();
  readonly failures: [index: number, error: unknown][] = [];
  readonly transfers: ArrayBuffer[] = [];
  claims = 0;

  value(index: number, { value, transfer }: ResultCopy): void {
    this.values.set(index, value);
    this.transfers.push(...transfer);
  }

  failure(index: number, thrown: Thrown): void {
    this.failures.push([index, unpackThrown(thrown)]);
  }

  claimEnded(): void {
    this.claims += 1;
  }
}

const FOREVER = Number.POSITIVE_INFINITY;

function setUp(run: (index: number) => unknown, tasks: number, more: Partial<TaskLoopParts> = {}) {
  const control = new ControlBlock(new Int32Array(16));
  control.reset(tasks);
  const results = new ResultTable(new Float64Array(tasks), new Uint8Array(tasks));
  const outbox = new RecordingOutbox();
  const departure = new ResultCopier(false, new Set(), 0);
  const meter = new Float64Array(METER_WORDS);
  const parts: TaskLoopParts = {
    run,
    wanted: new AbortCheck(control, meter),
    control,
    results,
    departure,
    outbox,
    tasks,
    order: undefined,
    meter,
    log: undefined,
    workers: 1,
    slots: true,
    gated: false,
    grows: true,
    mend: undefined,
    ...more,
  };
  return { parts, control, results: parts.results, outbox, meter, taskRun: new TaskLoop(parts) };
}

/** Goes on until the loop leaves, as its callers do. */
async function finish(taskRun: TaskLoop): Promise<void> {
  for (let state = taskRun.advance(FOREVER); state !== "left"; state = taskRun.advance(FOREVER)) {
    if (typeof state !== "string") await state;
  }
}

/** Time stands still, except for what a task says it took. */
function stopTheClock(): { now: number } {
  const clock = { now: 1000 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

/** Notes how many tasks each claim asks for. */
function watchClaims(control: ControlBlock): number[] {
  const counts: number[] = [];
  const claim = control.claim.bind(control);
  vi.spyOn(control, "claim").mockImplementation((count) => {
    counts.push(count);
    return claim(count);
  });
  return counts;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a run of tasks", () => {
  it("runs each once, in order, and leaves", () => {
    const ran: number[] = [];
    const { taskRun, control, results, outbox } = setUp((index) => {
      ran.push(index);
      return index * 2;
    }, 1000);
    expect(taskRun.advance(FOREVER)).toBe("left");
    const all = Array.from({ length: 1000 }, (_, i) => i);
    expect(ran).toEqual(all);
    expect(results.collect(new Map())).toEqual(all.map((i) => i * 2));
    expect([control.finished, control.ended, control.posted]).toEqual([true, 1000, 0]);
    expect(outbox.values.size).toBe(0);
    expect(outbox.claims).toBeGreaterThan(0);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toHaveLength(1000);
  });

  it("puts into the table what fits, and the rest into the outbox", () => {
    const array = new Float64Array([1]);
    const values: unknown[] = [1.5, undefined, null, true, 5n, "text", { a: 1 }, array, 2n ** 70n];
    const { taskRun, control, results, outbox } = setUp((index) => values[index], values.length);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect([...outbox.values.keys()]).toEqual([5, 6, 7, 8]);
    expect(outbox.transfers).toEqual([array.buffer]);
    expect(control.posted).toBe(4);
    expect([0, 1, 2, 3, 4].map((i) => results.isElsewhere(i))).toEqual([false, false, false, false, false]);
    expect([5, 6, 7, 8].map((i) => results.isElsewhere(i))).toEqual([true, true, true, true]);
    expect(results.collect(outbox.values)).toEqual(values);
  });

  it("posts before it says that the claim ended", () => {
    const { taskRun, control, outbox, results } = setUp(() => "text", 1);
    const endClaim = vi.spyOn(control, "endClaim").mockImplementation(() => {
      expect(control.posted).toBe(1);
      expect(outbox.values.size).toBe(1);
      expect(results.isElsewhere(0)).toBe(true);
    });
    taskRun.advance(FOREVER);
    expect(endClaim).toHaveBeenCalledWith(1);
  });

  it("of a stream puts everything into the outbox", () => {
    const values = [1, undefined, null, false, 3n, "x"];
    const { taskRun, control, results, outbox } = setUp((index) => values[index], values.length, {
      slots: false,
    });
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect([...outbox.values]).toEqual(values.map((value, i) => [i, value]));
    expect(control.posted).toBe(6);
    expect(values.every((_, i) => results.isElsewhere(i))).toBe(true);
  });

  it("with an order runs the tasks at its positions", () => {
    const ran: number[] = [];
    const results = new ResultTable(new Float64Array(10), new Uint8Array(10));
    const { taskRun, control } = setUp(
      (index) => {
        ran.push(index);
        return index;
      },
      3,
      { order: listedOrder(Uint32Array.of(2, 5, 9)), results },
    );
    taskRun.advance(FOREVER);
    expect(ran).toEqual([2, 5, 9]);
    expect([2, 5, 9].map((i) => results.isPending(i))).toEqual([false, false, false]);
    expect([0, 1, 3].map((i) => results.isPending(i))).toEqual([true, true, true]);
    expect(control.ended).toBe(3);
  });

  it("leaves at once if there is nothing to do", () => {
    const run = vi.fn();
    const { taskRun, outbox } = setUp(run, 0);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(run).not.toHaveBeenCalled();
    expect(outbox.claims).toBe(0);
  });

  it("is shared by two loops", async () => {
    const ran: string[] = [];
    const { parts, taskRun, control, results } = setUp((index) => index, 100, { workers: 2 });
    const loop = (name: string) =>
      new TaskLoop({
        ...parts,
        run: async (index) => {
          ran.push(`${name}${index}`);
          return index;
        },
      });
    const [a, b] = [loop("a"), loop("b")];
    await Promise.all([finish(a), finish(b)]);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toHaveLength(100);
    expect(new Set(ran.map((entry) => entry.slice(1))).size).toBe(100);
    for (const name of ["a", "b"]) expect(ran.some((entry) => entry.startsWith(name))).toBe(true);
    expect(results.collect(new Map())).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(control.finished).toBe(true);
  });
});

describe("a failure", () => {
  it("ends the run: nothing after it starts, what came before counts", () => {
    const ran: number[] = [];
    const error = new RangeError("no");
    const { taskRun, control, results, outbox } = setUp((index) => {
      ran.push(index);
      if (index === 3) throw error;
      return index;
    }, 100);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toEqual([0, 1, 2, 3]);
    expect(outbox.failures).toHaveLength(1);
    expect(outbox.failures[0]?.[0]).toBe(3);
    expect(outbox.failures[0]?.[1]).toMatchObject({ name: "RangeError", message: "no" });
    expect([control.limit, control.posted, control.finished]).toEqual([3, 1, true]);
    expect(results.isElsewhere(3)).toBe(true);
    expect(results.collect(new Map()).slice(0, 3)).toEqual([0, 1, 2]);
  });

  it("of a later task lets those before it run: the lowest index is always found", async () => {
    const gates = new Map<number, () => void>();
    const { parts, control, outbox } = setUp(() => 1, 3, { workers: 2 });
    const loop = () =>
      new TaskLoop({
        ...parts,
        run: (index) =>
          new Promise((_resolve, reject) => gates.set(index, () => reject(new Error(`task ${index}`)))),
      });
    const [a, b] = [loop(), loop()];
    const runs = Promise.all([finish(a), finish(b)]);
    expect([...gates.keys()]).toEqual([0, 1]);
    (gates.get(1) as () => void)();
    await vi.waitUntil(() => control.limit === 1);
    (gates.get(0) as () => void)();
    await runs;
    expect(outbox.failures.map(([index]) => index)).toEqual([1, 0]);
    expect(control.limit).toBe(0);
    expect(gates.has(2)).toBe(false);
    expect(control.finished).toBe(true);
  });

  it("elsewhere stops a claim at the limit, not before", () => {
    stopTheClock();
    const ran: number[] = [];
    const { taskRun, control } = setUp((index) => {
      ran.push(index);
      // Tasks 3 to 6 are one claim by now.
      if (index === 3) control.lowerLimit(5);
      return index;
    }, 1000);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toEqual([0, 1, 2, 3, 4]);
    expect(control.finished).toBe(true);
  });

  it("with an order lowers the limit to its position and tells its index", () => {
    const results = new ResultTable(new Float64Array(10), new Uint8Array(10));
    const { taskRun, control, outbox } = setUp(
      (index) => {
        if (index === 7) throw new Error("x");
        return index;
      },
      4,
      { order: listedOrder(Uint32Array.of(1, 7, 8, 9)), results },
    );
    taskRun.advance(FOREVER);
    expect(control.limit).toBe(1);
    expect(outbox.failures[0]?.[0]).toBe(7);
    expect([1, 7, 8].map((i) => results.isPending(i))).toEqual([false, false, true]);
    expect(results.isElsewhere(7)).toBe(true);
  });

  it("is also a value that cannot leave", () => {
    const { taskRun, control, outbox } = setUp(() => ({ fit() {} }), 5);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(outbox.failures[0]?.[1]).toMatchObject({ name: "TypeError" });
    expect(String(outbox.failures[0]?.[1])).toContain("result.fit");
    expect(control.limit).toBe(0);
    expect(outbox.values.size).toBe(0);
  });

  it("is also a value whose `then` throws", () => {
    const { taskRun, outbox, control } = setUp(
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: kernels may return such a thing
        get then(): never {
          throw new RangeError("hostile");
        },
      }),
      5,
    );
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(outbox.failures[0]?.[1]).toMatchObject({ name: "RangeError", message: "hostile" });
    expect(control.finished).toBe(true);
  });

  it("may be anything thrown", () => {
    const { taskRun, outbox } = setUp(() => {
      throw undefined;
    }, 1);
    taskRun.advance(FOREVER);
    expect(outbox.failures).toEqual([[0, undefined]]);
  });
});

describe("an abort", () => {
  it("keeps the rest of a claim from starting", () => {
    stopTheClock();
    const ran: number[] = [];
    const { taskRun, control } = setUp((index) => {
      ran.push(index);
      if (index === 4) control.abort();
      return 0;
    }, 1000);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toEqual([0, 1, 2, 3, 4]);
    expect([control.finished, control.aborted]).toEqual([true, true]);
  });

  it("from before the start lets nothing run", () => {
    const run = vi.fn();
    const { taskRun, control } = setUp(run, 10);
    control.abort();
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(run).not.toHaveBeenCalled();
  });
});

describe("a task whose result nobody wants any more", () => {
  const asking = (lower: (control: ControlBlock, index: number) => void, end: (index: number) => unknown) => {
    const told: boolean[] = [];
    const holder: { wanted?: AbortCheck; control?: ControlBlock } = {};
    const set = setUp((index) => {
      lower(holder.control as ControlBlock, index);
      told[index] = (holder.wanted as AbortCheck).aborted();
      return end(index);
    }, 6);
    holder.wanted = set.parts.wanted;
    holder.control = set.control;
    return { ...set, told };
  };

  it.each([
    ["the job is stopped", (control: ControlBlock) => control.abort()],
    ["a task before it has failed", (control: ControlBlock) => control.lowerLimit(1)],
    ["its own time is up", (control: ControlBlock) => control.lowerLimit(3)],
  ])("learns of it when %s, and leaves none", (_, lower) => {
    const { taskRun, told, results, outbox, control } = asking(
      (control, index) => index === 3 && lower(control),
      (index) => (index % 2 === 0 ? index : "text"),
    );
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(told).toEqual([false, false, false, true]);
    expect([0, 1, 2, 3].map((i) => results.isPending(i))).toEqual([false, false, false, true]);
    expect([...outbox.values.keys()]).toEqual([1]);
    expect(control.posted).toBe(1);
    expect(control.finished).toBe(true);
  });

  it("is not told while it is wanted: one behind it has failed", () => {
    const { taskRun, told, results } = asking(
      (control, index) => index === 3 && control.lowerLimit(4),
      (index) => index,
    );
    taskRun.advance(FOREVER);
    expect(told).toEqual([false, false, false, false]);
    expect(results.isPending(3)).toBe(false);
  });

  it("may throw then, which is no failure", () => {
    const { taskRun, outbox, control, results } = asking(
      (control, index) => index === 3 && control.lowerLimit(2),
      (index) => {
        if (index === 3) throw new Error("given up");
        return index;
      },
    );
    taskRun.advance(FOREVER);
    expect(outbox.failures).toEqual([]);
    expect(control.limit).toBe(2);
    expect(results.isPending(3)).toBe(true);
  });

  it("that does not ask counts if it ends", () => {
    const set = setUp((index) => {
      if (index === 3) set.control.lowerLimit(1);
      return index;
    }, 6);
    set.taskRun.advance(FOREVER);
    expect(set.results.isPending(3)).toBe(false);
  });

  it("may be asynchronous", async () => {
    const set = setUp(async (index) => {
      await Promise.resolve();
      if (index === 3) set.control.lowerLimit(3);
      set.parts.wanted.aborted();
      return index;
    }, 6);
    await finish(set.taskRun);
    expect([0, 1, 2, 3].map((i) => set.results.isPending(i))).toEqual([false, false, false, true]);
  });
});

describe("the position of the task in hand", () => {
  it("is noted before it begins, and is none before the first one", () => {
    const seen: number[] = [];
    const { taskRun, meter } = setUp(() => {
      seen.push(meter[AT] as number);
      return 0;
    }, 5);
    expect(meter[AT]).toBe(0);
    taskRun.advance(FOREVER);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it("is a place in the round, not an index", () => {
    const seen: [index: number, at: number][] = [];
    const order = listedOrder(Uint32Array.of(1, 4));
    const run = (index: number): number => seen.push([index, meter[AT] as number]);
    const meter = new Float64Array(METER_WORDS);
    const results = new ResultTable(new Float64Array(5), new Uint8Array(5));
    setUp(run, 2, { order, meter, results }).taskRun.advance(FOREVER);
    expect(seen).toEqual([
      [1, 1],
      [4, 2],
    ]);
  });

  it("is not that of a task that was skipped", () => {
    const { taskRun, meter, control } = setUp((index) => {
      if (index === 40) control.abort();
      return 0;
    }, 1000);
    taskRun.advance(FOREVER);
    expect(meter[AT]).toBe(41);
  });
});

describe("asynchronous tasks", () => {
  it("are awaited one by one", async () => {
    let running = 0;
    const { taskRun, results, control } = setUp(async (index) => {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      running -= 1;
      return index % 2 === 0 ? index : undefined;
    }, 20);
    await finish(taskRun);
    expect(results.collect(new Map())).toEqual(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? i : undefined)),
    );
    expect(control.ended).toBe(20);
  });

  it("may be any thenable, and give what must travel", async () => {
    // biome-ignore lint/suspicious/noThenProperty: kernels may return such a thing
    const thenable = { then: (resolve: (value: unknown) => void) => resolve({ a: 1 }) };
    const { taskRun, outbox, control } = setUp(() => thenable, 2);
    await finish(taskRun);
    expect([...outbox.values]).toEqual([
      [0, { a: 1 }],
      [1, { a: 1 }],
    ]);
    expect(control.posted).toBe(2);
  });

  it("that reject fail as those that throw", async () => {
    const { taskRun, outbox, control } = setUp(async (index) => {
      if (index === 2) throw new TypeError("later");
      return index;
    }, 10);
    await finish(taskRun);
    expect(outbox.failures).toHaveLength(1);
    expect(outbox.failures[0]?.[0]).toBe(2);
    expect(outbox.failures[0]?.[1]).toMatchObject({ name: "TypeError", message: "later" });
    expect([control.limit, control.finished]).toEqual([2, true]);
  });

  it("keep the claim open until they have settled", async () => {
    let release = (_value: number): void => {};
    const { taskRun, control } = setUp(
      () =>
        new Promise<number>((resolve) => {
          release = resolve;
        }),
      1,
    );
    const state = taskRun.advance(FOREVER);
    expect(control.finished).toBe(false);
    release(1);
    await state;
    expect(control.finished).toBe(false);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(control.finished).toBe(true);
  });
});

describe("time", () => {
  it("past the deadline one claim is run, and the next turn goes on where this one stopped", () => {
    const clock = stopTheClock();
    const ran: number[] = [];
    const { taskRun, control, meter } = setUp((index) => {
      ran.push(index);
      clock.now += 3;
      return 0;
    }, 10);
    expect(taskRun.advance(clock.now)).toBe("paused");
    expect(ran).toEqual([0]);
    expect(taskRun.advance(clock.now + 8)).toBe("paused");
    expect(ran).toEqual([0, 1, 2, 3]);
    expect(control.ended).toBe(4);
    expect(taskRun.advance(clock.now + 8)).toBe("paused");
    expect(ran).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toHaveLength(10);
    expect(meter[0]).toBe(30);
  });

  it("a claim grows while its tasks are quick", () => {
    stopTheClock();
    const { taskRun, control } = setUp(() => 0, 100_000);
    const counts = watchClaims(control);
    taskRun.advance(FOREVER);
    expect(counts.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    // There is a limit, because a claim binds all of its tasks if they turn out slow.
    expect(Math.max(...counts)).toBe(256);
  });

  it("a claim stays small while its tasks are slow", () => {
    const clock = stopTheClock();
    const { taskRun, control } = setUp(() => {
      clock.now += 1;
    }, 100);
    const counts = watchClaims(control);
    taskRun.advance(FOREVER);
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  it("a claim shrinks when its tasks become slow", () => {
    const clock = stopTheClock();
    const { taskRun, control } = setUp((index) => {
      if (index >= 15) clock.now += 1;
    }, 10_000);
    const counts = watchClaims(control);
    taskRun.advance(FOREVER);
    // As many as fit the time that a claim should last, by what the last one took.
    expect(counts.slice(0, 10)).toEqual([1, 2, 4, 8, 16, 1, 1, 1, 1, 1]);
  });

  it("a claim takes at most a quarter of a thread's part of what is left", () => {
    stopTheClock();
    const { taskRun, control } = setUp(() => 0, 1000, { workers: 5 });
    const counts = watchClaims(control);
    taskRun.advance(FOREVER);
    let left = 1000;
    for (const count of counts.slice(0, -1)) {
      expect(count).toBeLessThanOrEqual(Math.max(1, left / 20));
      left -= count;
    }
    expect(left).toBe(0);
    expect(counts.at(-2)).toBe(1);
  });

  it("leaves past the deadline when nothing is left to claim, rather than pause and keep others waiting", () => {
    const clock = stopTheClock();
    const { taskRun } = setUp(() => {
      clock.now += 20;
      return 0;
    }, 1);
    expect(taskRun.advance(clock.now + 8)).toBe("left");
  });

  it("looks up in time when tasks become slow in the middle of a large claim", () => {
    const clock = stopTheClock();
    let late = 0;
    let deadline = FOREVER;
    const { taskRun } = setUp((index) => {
      if (index < 20_000) return 0;
      if (clock.now >= deadline) late += 1;
      clock.now += 5;
      return 0;
    }, 100_000);
    deadline = clock.now + 8;
    expect(taskRun.advance(deadline)).toBe("paused");
    // Sequential runs this loop on the calling thread, whose event loop must get its turn about every 10 ms.
    // The clock is read every 16 tasks, and at each task once they are known to be slow.
    expect(late).toBeLessThanOrEqual(16);
    for (let turn = 0; turn < 5; turn++) {
      late = 0;
      deadline = clock.now + 8;
      expect(taskRun.advance(deadline)).toBe("paused");
      expect(late).toBeLessThanOrEqual(1);
    }
  });

  it("is metered within claims, waiting included, on top of what the meter holds", async () => {
    const clock = stopTheClock();
    const meter = Float64Array.of(100);
    const { taskRun } = setUp(
      async (index) => {
        clock.now += index;
        await Promise.resolve();
        clock.now += 1;
      },
      4,
      { meter },
    );
    await finish(taskRun);
    expect(meter[0]).toBe(110);
    clock.now += 50;
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(meter[0]).toBe(110);
  });

  it("is metered before the claim ends, so a thread that sees the end sees the time", () => {
    const clock = stopTheClock();
    const { taskRun, control, meter } = setUp(() => {
      clock.now += 7;
    }, 1);
    let seen: number | undefined;
    vi.spyOn(control, "endClaim").mockImplementation(() => {
      seen = meter[0];
    });
    taskRun.advance(FOREVER);
    expect(seen).toBe(7);
  });
});

describe("what it notes", () => {
  it("when its first claim began and its last one ended, on the clock of all threads", () => {
    const clock = stopTheClock();
    const run = (): number => {
      clock.now += 3;
      return 1;
    };
    const { taskRun, meter } = setUp(run, 4);
    clock.now = 2000;
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(meter[STARTED]).toBe(2000);
    expect(meter[ENDED]).toBe(2012);
    expect(meter[BUSY]).toBe(12);
    expect(meter[LOGGED]).toBe(0);
  });

  it("nothing if nothing was left to run", () => {
    const { taskRun, meter } = setUp(() => 1, 0);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect([...meter]).toEqual(new Array(METER_WORDS).fill(0));
  });

  it("every claim in a log; when it is full, the last entry takes in what follows", () => {
    const clock = stopTheClock();
    const log = new Float64Array(2 * LOG_WORDS);
    const run = (): number => {
      clock.now += 3;
      return 1;
    };
    const { taskRun, meter } = setUp(run, 5, { log });
    taskRun.advance(FOREVER);
    expect(meter[LOGGED]).toBe(2);
    const entries = [log.slice(0, LOG_WORDS), log.slice(LOG_WORDS)].map(([start, end, first, tasks]) => [
      Math.round(start as number),
      Math.round(end as number),
      first,
      tasks,
    ]);
    expect(entries).toEqual([
      [1000, 1003, 0, 1],
      [1003, 1015, 1, 4],
    ]);
  });

  it("how many tasks it has taken, in the middle of a claim too", () => {
    const taken: number[] = [];
    const { taskRun, parts } = setUp(() => taken.push(taskRun.taken), 40);
    expect(taskRun.taken).toBe(0);
    taskRun.advance(FOREVER);
    expect(taken).toHaveLength(parts.tasks);
    expect(taken).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(taskRun.taken).toBe(40);
  });
});

describe("at a gate", () => {
  it("shuts when it has run what the gate lets pass, and goes on when it is raised", () => {
    const ran: number[] = [];
    const { taskRun, control, outbox, meter } = setUp((index) => ran.push(index), 10, {
      slots: false,
      gated: true,
    });
    control.closeGate(4);
    expect(taskRun.advance(FOREVER)).toBe("shut");
    expect(ran).toEqual([0, 1, 2, 3]);
    expect([...outbox.values.keys()]).toEqual([0, 1, 2, 3]);
    expect(control.finished).toBe(false);
    expect(meter[RUNNING]).toBe(0);
    expect(taskRun.advance(FOREVER)).toBe("shut");
    control.raiseGate(10);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(ran).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(control.finished).toBe(true);
  });

  it("claims a part of what the gate lets pass, as other threads come for theirs", () => {
    stopTheClock();
    const more = { gated: true, workers: 2 };
    const { taskRun, control } = setUp(() => 0, 10_000, more);
    control.closeGate(64);
    const claims: number[] = [];
    const claim = control.claimBelowGate.bind(control);
    vi.spyOn(control, "claimBelowGate").mockImplementation((count) => {
      claims.push(count);
      return claim(count);
    });
    expect(taskRun.advance(FOREVER)).toBe("shut");
    // Doubled at each claim, and never more than an eighth of what is left: a quarter of this thread's half.
    expect(claims.slice(0, 5)).toEqual([1, 2, 4, 7, 6]);
  });

  it("leaves when a failure is below it", () => {
    const { taskRun, control, outbox } = setUp(
      (index) => {
        if (index === 1) throw new Error("second");
      },
      10,
      { gated: true },
    );
    control.closeGate(4);
    expect(taskRun.advance(FOREVER)).toBe("left");
    expect(outbox.failures).toEqual([[1, new Error("second")]]);
    expect(control.finished).toBe(true);
  });
});
