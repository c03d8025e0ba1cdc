/** Duels of two workers against one, on kernels that only compute. */
import { ParallelExecutor } from "../../../dist/index.js";
import type { Effort, Measured } from "../harness/cell.js";
import { checked } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { median } from "../harness/statistics.js";
import { bareName, bareThreads } from "../limits/bare.js";
import { callOn, loop } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Scenario, scenarios } from "../scenarios/scenarios.js";
import { THREADS } from "./calls.js";
import { type Duel, judge } from "./duel.js";

export const COMPUTING = ["explain wide", "k-fold grid", "Black-Scholes", "FFT", "convolution"];

// Until the collector has come for the first time each call's outputs are in memory that was never used before.
const OUTPUTS = 24;

function prepare(name: string, quick: boolean) {
  const scenario = scenarios.find((each) => each.name === name) as Scenario;
  const prepared = scenario.prepare(quick);
  return {
    scenario,
    shared: { ...prepared, arrays: shareByHand(prepared.arrays) },
    chunk: scenario.chunks[0],
  };
}

export function speedup(name: string): Duel {
  return {
    name: `Two workers against one: ${name}`,
    reference: "two workers",
    open: async (quick) => {
      const { scenario, shared, chunk } = prepare(name, quick);
      const expected = loop(scenario, shared, chunk);
      const one = new ParallelExecutor({ ...THREADS, maxWorkers: 1 });
      const two = new ParallelExecutor({ ...THREADS, maxWorkers: 2 });
      const call = (executor: ParallelExecutor) => callOn(executor, scenario, shared, chunk, "threads");
      return {
        contestants: [
          checked("one worker", () => call(one), expected),
          checked("two workers", () => call(two), expected),
        ],
        close: () => Promise.all([one.shutdown(), two.shutdown()]),
      };
    },
    figures: (times) => ratiosOf(times, "one worker", "two workers"),
  };
}

/** Beside what bare threads gain on the very same tasks: no pool can gain more than the machine has. */
export async function judgeSpeedup(name: string, effort: Effort): Promise<Partial<Measured>> {
  const duel = speedup(name);
  const { pace } = effort;
  const { call } = scenarios.find((each) => each.name === name) as Scenario;
  const warm = call === "transformShared" ? { ...effort, pace: { ...pace, warmUps: OUTPUTS } } : effort;
  let gains: number[] = [];
  const beside: Duel = {
    ...duel,
    open: async (quick) => {
      const ours = await duel.open(quick);
      const { scenario, shared, chunk } = prepare(name, quick);
      const bare = bareThreads(scenario, shared, chunk, 2);
      return {
        contestants: [...ours.contestants, ...bare.contestants],
        close: () => Promise.all([ours.close(), bare.close()]),
      };
    },
    figures: (times) => {
      gains = ratiosOf(times, bareName(1), bareName(2));
      return duel.figures(times);
    },
  };
  const measured = await judge(beside, warm, {
    number: 7,
    what: `${name}: two workers against one`,
    limit: 1.9,
    rule: "at least",
    unit: "x",
  });
  const note = `bare threads: ${median(gains).toFixed(2)}`;
  return { ...measured, bars: (measured.bars ?? []).map((bar) => ({ ...bar, note })) };
}
