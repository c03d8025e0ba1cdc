/** Duels of two workers against one, on kernels that only compute. */
import { ParallelExecutor } from "../../../dist/index.js";
import type { Effort, Measured } from "../harness/cell.js";
import { checked } from "../harness/contestant.js";
import { Cores } from "../harness/cores.js";
import { ratiosOf } from "../harness/race.js";
import { spinCost } from "../harness/spin.js";
import { callOn, loop } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Scenario, scenarios } from "../scenarios/scenarios.js";
import { THREADS } from "./calls.js";
import { type Duel, judge } from "./duel.js";

export const COMPUTING = ["explain wide", "k-fold grid", "Black-Scholes", "FFT", "convolution"];

export function speedup(name: string): Duel {
  const scenario = scenarios.find((each) => each.name === name) as Scenario;
  return {
    name: `Two workers against one: ${name}`,
    reference: "two workers",
    open: async (quick) => {
      const prepared = scenario.prepare(quick);
      const shared = { ...prepared, arrays: shareByHand(prepared.arrays) };
      const [chunk] = scenario.chunks;
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

/** With what bare threads gained just before and after, which on a busy machine is less than two. */
export async function judgeSpeedup(name: string, effort: Effort): Promise<Partial<Measured>> {
  const cores = await Cores.start(2, spinCost());
  const before = await cores.measure();
  const measured = await judge(speedup(name), effort, {
    number: 7,
    what: `${name}: two workers against one`,
    limit: 1.9,
    rule: "at least",
    unit: "x",
  });
  const gain = Math.min(before, await cores.measure());
  await cores.shutdown();
  const note = `bare threads beside it: ${gain.toFixed(2)}`;
  return { ...measured, bars: (measured.bars ?? []).map((bar) => ({ ...bar, note })) };
}
