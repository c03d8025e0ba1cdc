/** Holds the model to the code: what one worker and the look for the end do to shared words, in the same order. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { CONTROL_BYTES, ControlBlock } from "../../src/protocol/control-block.js";
import { METER_WORDS } from "../../src/protocol/meter.js";
import { ResultCopier } from "../../src/protocol/result-copy.js";
import { ResultTable } from "../../src/protocol/result-table.js";
import { AbortCheck } from "../../src/tasks/abort-check.js";
import { TaskLoop } from "../../src/tasks/task-loop.js";
import { SMALL } from "./mutation.js";
import { asBuilt, systemOf } from "./protocol.js";
import type { State, WorkerPlace } from "./state.js";

const WORDS = ["NEXT", "LIMIT", "OPEN", "ENDED", "POSTED", "GATE", "EXCEEDED", "NEWS"];

/** Task 0 fits its slot, 1 goes by message, 2 throws, so that 3 is never claimed. */
const TASKS = 4;
const POSTING = 0b0010;
const FAILING = 0b0100;

/** Notes every atomic operation on the control block. `ENDED` and `NEWS` are left out: without passes nothing rests on them. */
function noteAtomics(operations: string[]): void {
  const { add, sub, load, compareExchange } = Atomics;
  const note = (operation: string, index: number): void => {
    operations.push(`${operation} ${WORDS[index]}`);
  };
  vi.spyOn(Atomics, "add").mockImplementation(((words: Int32Array, index: number, value: number) => {
    if (WORDS[index] !== "ENDED" && WORDS[index] !== "NEWS") note("add", index);
    return add(words, index, value);
  }) as typeof Atomics.add);
  vi.spyOn(Atomics, "sub").mockImplementation(((words: Int32Array, index: number, value: number) => {
    note("sub", index);
    return sub(words, index, value);
  }) as typeof Atomics.sub);
  vi.spyOn(Atomics, "load").mockImplementation(((words: Int32Array, index: number) => {
    note("load", index);
    return load(words, index);
  }) as typeof Atomics.load);
  vi.spyOn(Atomics, "compareExchange").mockImplementation(((
    words: Int32Array,
    index: number,
    expected: number,
    value: number,
  ) => {
    note("compareExchange", index);
    return compareExchange(words, index, expected, value);
  }) as typeof Atomics.compareExchange);
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** What each place of the model means. Between messages and claims one worker alone has no choice. */
const OPERATIONS: Readonly<Partial<Record<WorkerPlace, string>>> = {
  raiseOpen: "add OPEN",
  takeNext: "add NEXT",
  compareLimit: "load LIMIT",
  loadNext: "load NEXT",
  loadGate: "load GATE",
  compareAtGate: "load LIMIT",
  swapNext: "compareExchange NEXT",
  withdraw: "sub OPEN",
  checkLimit: "load LIMIT",
  run: "run",
  writeKind: "write",
  raisePosted: "add POSTED",
  writeElsewhere: "mark",
  loadLimit: "load LIMIT",
  lowerLimit: "compareExchange LIMIT",
  endClaim: "sub OPEN",
};

/** What a worker does in the code, and what it does in the model. */
function operationsOf(stream: boolean): { readonly real: string[]; readonly modelled: string[] } {
  const real: string[] = [];
  const results = new ResultTable(new Float64Array(TASKS), new Uint8Array(TASKS));
  const write = results.write.bind(results);
  vi.spyOn(results, "write").mockImplementation((index, value) => {
    const fits = write(index, value);
    if (fits) real.push("write");
    return fits;
  });
  vi.spyOn(results, "markElsewhere").mockImplementation(() => real.push("mark"));
  const control = new ControlBlock(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
  control.reset(TASKS);
  // Read to guess how much to claim, where the model lets a claim have any size; and whether to keep what was read.
  vi.spyOn(control, "claimable", "get").mockReturnValue(0);
  vi.spyOn(control, "exhausted", "get").mockReturnValue(true);
  noteAtomics(real);
  const meter = new Float64Array(METER_WORDS);
  const run = new TaskLoop({
    wanted: new AbortCheck(control, meter),
    run: (index) => {
      real.push("run");
      if ((FAILING >> index) & 1) throw new Error("as it should");
      return (POSTING >> index) & 1 ? "text" : index;
    },
    control,
    results,
    departure: new ResultCopier(false, new Set()),
    outbox: { value() {}, failure() {}, claimEnded() {} },
    tasks: TASKS,
    order: undefined,
    meter,
    log: undefined,
    workers: 1,
    slots: !stream,
    gated: stream,
    grows: true,
    mend: undefined,
  });
  expect(run.advance(Infinity)).toBe("left");

  const posting = stream ? 0b1111 : POSTING;
  const window = stream ? TASKS : 0;
  const bounds = { ...SMALL, workers: 1, tasks: TASKS, posting, failing: FAILING, window };
  const system = systemOf(asBuilt, bounds);
  const modelled: string[] = [];
  let state: State = system.initial;
  while (state.workers[0]?.place !== "leave") {
    const operation = OPERATIONS[state.workers[0]?.place as WorkerPlace];
    if (operation !== undefined) modelled.push(operation);
    state = system.steps(state).find(({ actor }) => actor === "worker 0")?.state as State;
  }
  return { real, modelled };
}

describe("the model follows the code", () => {
  it("in a worker's claims, tasks, values and failures", () => {
    const { real, modelled } = operationsOf(false);
    expect(real).toEqual(modelled);
    expect(real).toHaveLength(29);
  });

  it("in a stream's claims, and in its values, which all are posted", () => {
    const { real, modelled } = operationsOf(true);
    expect(real).toEqual(modelled);
    expect(real).toHaveLength(37);
  });

  it("in the order in which the caller's side reads", () => {
    const control = new ControlBlock(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
    control.reset(0);
    const operations: string[] = [];
    noteAtomics(operations);
    expect(control.finished).toBe(true);
    expect(operations).toEqual(["load NEXT", "load LIMIT", "load OPEN"]);
  });
});
