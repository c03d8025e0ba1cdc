import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { longestShare, parallelWidth } from "../../../src/plan/estimate.js";
import { defaultHostProfile, type HostProfile } from "../../../src/plan/host-profile.js";
import type { Estimate } from "../../../src/plan/plan.js";
import { estimateSequential } from "../../../src/strategies/sequential/costs.js";
import { estimateThreads } from "../../../src/strategies/threads/costs.js";

import { KERNEL, type KernelCost, LIMITS, type Limits, states, WORKLOAD, type Workload } from "./grounds.js";

const small = fc.double({ min: 0, max: 1, noNaN: true });

const kernelCost: fc.Arbitrary<KernelCost> = fc.record({
  perTask: fc.record({ sequential: small, threads: small }),
  perResult: fc.record({ sequential: small, threads: small }),
  dispatch: fc.record({
    sequential: fc.option(small, { nil: undefined }),
    threads: fc.option(small, { nil: undefined }),
  }),
  since: fc.record({ sequential: fc.nat(100), threads: fc.nat(100) }),
  basis: fc.constantFrom("seen" as const, "fitted" as const),
  within: fc.double({ min: 1, max: 100, noNaN: true }),
  longest: small,
  sending: small,
  runs: fc.integer({ min: 1, max: 100 }),
  runsAlike: fc.nat(100),
  isOnWorkers: fc.boolean(),
});

const occupation = fc.record({
  busy: fc.double({ min: 0, max: 1000, noNaN: true }),
  shares: fc.double({ min: 0, max: 100, noNaN: true }),
});

const workloads: fc.Arbitrary<Workload> = fc.record({
  call: fc.constant("mapShared"),
  tasks: fc.integer({ min: 1, max: 10_000 }),
  passes: fc.constant(1),
  isCut: fc.boolean(),
  instances: fc.nat(1e6),
  taskBytes: fc.nat(1e6),
  hint: fc.constant(0),
  bytesShared: fc.nat(1e9),
  bytesToPlace: fc.nat(1e9),
  placedBefore: fc.constant({ bytes: 0, times: 0 }),
  droppedBefore: fc.constant({ bytes: 0, times: 0 }),
  kernel: fc.option(kernelCost, { nil: undefined }),
  afterPause: fc.boolean(),
  occupied: fc.record({ sequential: occupation, threads: occupation }),
  canGiveUp: fc.boolean(),
});

const limitsOf: fc.Arbitrary<Limits> = fc.record({
  strategy: fc.constant("auto" as const),
  maxWorkers: fc.integer({ min: 1, max: 64 }),
  states: fc.nat(64).map((serving) => states({ serving })),
  canInterrupt: fc.boolean(),
  recycles: fc.boolean(),
  keepsRegions: fc.boolean(),
  hereBecause: fc.constant(undefined),
  minBatchSize: fc.constant(undefined),
  minInstancesForParallel: fc.constant(undefined),
  tinyWorkloadThreshold: fc.constant(undefined),
});

const hosts: fc.Arbitrary<HostProfile> = fc
  .integer({ min: 1, max: 64 })
  .map((parallelism) => ({ ...defaultHostProfile, parallelism }));

const situation = fc.record({
  work: workloads,
  limits: limitsOf,
  host: hosts,
});

type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

const both = ({ work, limits, host }: Situation): [Estimate, Estimate] => [
  estimateSequential(work, limits, host),
  estimateThreads(work, limits, host),
];

/** Floating point: sums of the same parts may differ in their last bits. */
const slack = (value: number): number => 1e-9 * Math.max(1, value);

describe("estimates", () => {
  it("are the sum of their parts, none of them negative", () => {
    fc.assert(
      fc.property(situation, (each) => {
        for (const { spawn, place, dispatch, compute, results, total } of both(each)) {
          const parts = [spawn, place, dispatch, compute, results];
          expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
          expect(total).toBe(spawn + place + dispatch + compute + results);
        }
      }),
    );
  });

  it("do not fall as tasks, bytes of tasks or bytes to place are added", () => {
    const more = fc.record({ tasks: fc.nat(1000), taskBytes: fc.nat(1e5), bytesToPlace: fc.nat(1e8) });
    fc.assert(
      fc.property(situation, more, (each, added) => {
        const { work } = each;
        const before = both(each);
        for (const field of ["tasks", "taskBytes", "bytesToPlace"] as const) {
          const after = both({ ...each, work: { ...work, [field]: work[field] + added[field] } });
          after.forEach(({ total }, i) => {
            const was = before[i]?.total as number;
            expect(total, field).toBeGreaterThanOrEqual(was - slack(was));
          });
        }
      }),
    );
  });

  it("sequential starts nothing and places nothing", () => {
    fc.assert(
      fc.property(situation, ({ work, limits, host }) => {
        expect(estimateSequential(work, limits, host)).toMatchObject({ spawn: 0, place: 0 });
      }),
    );
  });

  it("more workers that are up never take longer to compute", () => {
    fc.assert(
      fc.property(situation, ({ work, limits, host }) => {
        const computeOf = (maxWorkers: number) =>
          estimateThreads(work, { ...limits, maxWorkers, states: states({ serving: 128 }) }, host).compute;
        expect(computeOf(limits.maxWorkers + 1)).toBeLessThanOrEqual(computeOf(limits.maxWorkers));
      }),
    );
  });

  it("memory that was used before is never charged more than fresh memory", () => {
    fc.assert(
      fc.property(situation, ({ work, limits, host }) => {
        const placeOf = (recycles: boolean) => estimateThreads(work, { ...limits, recycles }, host).place;
        expect(placeOf(true)).toBeLessThanOrEqual(placeOf(false));
      }),
    );
  });
});

describe("calls in progress", () => {
  const work: Workload = { ...WORKLOAD, tasks: 10, kernel: KERNEL };
  const host = { ...defaultHostProfile, parallelism: 2 };
  const withOthers = (occupied: Partial<Workload["occupied"]>): [number, number] => {
    const situation = {
      work: { ...work, occupied: { ...work.occupied, ...occupied } },
      limits: LIMITS,
      host,
    };
    const [sequential, threads] = both(situation);
    return [sequential.dispatch - idle[0].dispatch, threads.dispatch - idle[1].dispatch];
  };
  const idle = both({ work, limits: LIMITS, host });

  // Alone it computes for 10 ms on this thread, for 5 ms on two others.
  it("on the same threads delay by what they compute, or as long as this one computes", () => {
    expect(withOthers({ sequential: { busy: 3, shares: 1 } })[0]).toBeCloseTo(3, 9);
    expect(withOthers({ sequential: { busy: 100, shares: 2 } })[0]).toBeCloseTo(20, 9);
    expect(withOthers({ threads: { busy: 100, shares: 0.5 } })[1]).toBeCloseTo(2.5, 9);
  });

  it("on other threads take part of the CPUs", () => {
    expect(withOthers({ sequential: { busy: 3, shares: 1 } })[1]).toBeCloseTo(1.5, 9);
    expect(withOthers({ threads: { busy: 100, shares: 4 } })[0]).toBeCloseTo(5, 9);
  });
});

describe("the busiest thread", () => {
  it("has at least an even part, and at most one task more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 64 }), (tasks, width) => {
        const share = longestShare(tasks, width) * tasks;
        expect(share).toBeGreaterThanOrEqual(tasks / width - 1e-6);
        expect(share).toBeLessThan(tasks / width + 1);
      }),
    );
    expect(longestShare(0, 4)).toBe(0);
  });

  it("is one of as many as the machine runs", () => {
    const host = { ...defaultHostProfile, parallelism: 3 };
    expect([1, 2, 3, 4].map((workers) => parallelWidth(workers, host))).toEqual([1, 2, 3, 3]);
    expect(parallelWidth(4, { ...host, parallelism: 0 })).toBe(1);
  });
});
