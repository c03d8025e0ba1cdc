import { describe, expect, it } from "vitest";
import { adviceFor, hintAdvice } from "../../../src/plan/advice.js";
import { defaultHostProfile } from "../../../src/plan/host-profile.js";
import type { Estimate } from "../../../src/plan/plan.js";
import { KERNEL, type KernelCost, LIMITS, type Limits, MODELS, WORKLOAD, type Workload } from "./grounds.js";

const kernel: KernelCost = { ...KERNEL, perTask: { sequential: 2e-3, threads: 2e-3 } };
const workload: Workload = {
  ...WORKLOAD,
  tasks: 5000,
  instances: 5000,
  taskBytes: 2,
  bytesToPlace: 256e6,
  kernel,
};
const limits: Limits = { ...LIMITS, keepsRegions: true };

function estimate(parts: Partial<Estimate>): Estimate {
  const all = { spawn: 0, place: 0, dispatch: 0, compute: 0, results: 0, ...parts };
  return { ...all, total: all.spawn + all.place + all.dispatch + all.compute + all.results };
}

const predicted = {
  sequential: estimate({ compute: 100 }),
  threads: estimate({ place: 30, compute: 50 }),
};

function advise(work: Partial<Workload>, limited: Partial<Limits> = {}, estimates = predicted) {
  return adviceFor(
    MODELS,
    { ...workload, ...work },
    { ...limits, ...limited },
    defaultHostProfile,
    estimates,
  );
}

describe("advice", () => {
  it("is not given without need", () => {
    expect(advise({})).toEqual([]);
  });

  it("names outputs that are dropped again and again, if they are large", () => {
    const droppedBefore = { bytes: 64e6, times: 2 };
    expect(advise({ droppedBefore })).toEqual([
      "outputs of 64.0 MB were dropped 2 times, and each needs fresh memory: " +
        "use executor.release() when you have done with them",
    ]);
    expect(advise({ droppedBefore: { bytes: 64e6, times: 1 } })).toEqual([]);
    expect(advise({ droppedBefore: { bytes: 64e3, times: 9 } })).toEqual([]);
  });

  it("names the bytes that are placed again and again, if sharing them would pay", () => {
    const placedBefore = { bytes: 256e6, times: 3 };
    expect(advise({ placedBefore })).toEqual(["these 256 MB were placed 3 times: use executor.share()"]);
    expect(advise({ placedBefore: { bytes: 256e6, times: 1 } })).toEqual([]);
    const useless = { sequential: estimate({ compute: 40 }), threads: predicted.threads };
    expect(advise({ placedBefore }, {}, useless)).toEqual([]);
  });

  it("asks for fewer chunks if results take much of the time", () => {
    const dear = { ...kernel, sending: 0.244 };
    const text =
      "sending 153 results takes 24 % of the tasks' time: cut fewer chunks, with a larger chunkSize";
    expect(advise({ kernel: dear, tasks: 153 })).toEqual([text]);
    expect(advise({ kernel: { ...kernel, sending: 0.04 }, tasks: 153 })).toEqual([]);
    // Enough for two workers to end together, and what is not cut.
    expect(advise({ kernel: dear, tasks: 7 })).toEqual([]);
    expect(advise({ kernel: dear, tasks: 153, isCut: false })).toEqual([]);
  });

  it("sends short tasks of map to columns", () => {
    expect(advise({ call: "map" })).toEqual([
      "each task takes 0.002 ms: map over columns instead, with mapShared() or transformShared()",
    ]);
    expect(advise({ call: "map", tasks: 999 })).toEqual([]);
    const longer = { ...kernel, perTask: { sequential: 0.005, threads: 0.005 } };
    expect(advise({ call: "map", kernel: longer })).toEqual([]);
    expect(advise({ call: "map", kernel: undefined })).toEqual([]);
  });

  it("tells of threads without tasks", () => {
    const four = { ...defaultHostProfile, parallelism: 4 };
    const of = (tasks: number, maxWorkers: number) =>
      adviceFor(MODELS, { ...workload, tasks }, { ...limits, maxWorkers }, four, predicted);
    expect(of(3, 8)).toEqual(["3 tasks keep only 3 of 4 threads busy: cut the work finer"]);
    expect([of(4, 8), of(3, 3), of(1, 8)]).toEqual([[], [], []]);
  });

  it("tells of a pool that had better be started ahead", () => {
    const slow = { sequential: estimate({ compute: 100 }), threads: estimate({ spawn: 60, compute: 50 }) };
    expect(advise({}, {}, slow)).toEqual([
      "most of the time goes into starting workers: call executor.start() ahead",
    ]);
    expect(advise({}, { strategy: "sequential" }, slow)).toEqual([]);
    expect(advise({ kernel: undefined }, {}, slow)).toEqual([]);
    expect(advise({ kernel: undefined, hint: 2 }, {}, slow)).toHaveLength(1);
    const small = { sequential: estimate({ compute: 1 }), threads: estimate({ spawn: 60, compute: 5 }) };
    expect(advise({}, {}, small)).toEqual([]);
  });
});

describe("an executor that may not use workers", () => {
  // If only sequential is allowed, a pool or more tasks are of no use: `start()` does nothing there.
  it("hears no advice about workers", () => {
    const slow = { sequential: estimate({ compute: 100 }), threads: estimate({ spawn: 60, compute: 50 }) };
    expect(advise({}, { hereBecause: "disabled" }, slow)).toEqual([]);
  });

  it("hears no advice about idle workers if sequential was asked for", () => {
    const four = { ...defaultHostProfile, parallelism: 4 };
    const limited = { ...limits, maxWorkers: 8, strategy: "sequential" as const };
    expect(adviceFor(MODELS, { ...workload, tasks: 3 }, limited, four, predicted)).toEqual([]);
  });
});

describe("a hint", () => {
  it("is wrong if neither the payload nor the time bears it out", () => {
    expect(hintAdvice(5000, 1000, 50, 10)).toBe(
      "taskSizeHintBytes (5000) is too large: it led to expect 50.0 ms of computing, and it was 10.0 ms; " +
        "tasks have 1.00 KB of payload each",
    );
    expect(hintAdvice(100, 1000, 2, 10)).toMatch(/^taskSizeHintBytes \(100\) is too small/);
  });

  it.each<[string, number, number, number, number]>([
    ["there is none", 0, 1000, 50, 10],
    ["the payload bears it out", 4000, 1000, 50, 10],
    ["the time bears it out", 5000, 1000, 40, 10],
  ])("is right if %s", (_name, hint, bytes, expected, busy) => {
    expect(hintAdvice(hint, bytes, expected, busy)).toBeUndefined();
  });
});
