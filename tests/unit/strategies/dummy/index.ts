/** A strategy as its folder would have it: runs jobs here, in a later turn, and calls that another place. */
import { estimateOf } from "../../../../src/plan/estimate.js";
import type { StrategyDescriptor } from "../../../../src/strategies/descriptor.js";
import { SequentialRun } from "../../../../src/strategies/sequential/sequential-run.js";

/** Why it can't run; a test may set it. */
export const state: { unavailable: string | undefined } = { unavailable: undefined };

export const dummy: StrategyDescriptor<"dummy"> = {
  name: "dummy",
  words: ["dummy", "stand-in"],
  isHere: false,
  isReserve: false,
  isolates: false,
  placesArrays: false,
  charges: { spawn: undefined, hot: "dispatchHot", idle: "dispatchIdle", cold: "dispatchCold" },
  whyUnavailable: () => state.unavailable,
  estimate: () => estimateOf({ spawn: 0, place: 0, dispatch: 0, compute: 1e-6, results: 0 }),
  create: () => ({
    workers: undefined,
    run: async (job, _leg, { assertThere }) => {
      await undefined;
      return { ...(await new SequentialRun(job, undefined, assertThere).run()), strategy: "dummy" };
    },
  }),
};
