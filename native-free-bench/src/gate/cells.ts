/** The ratios that the gate watches: duels of the engine with raw limits, each a few hundred milliseconds. */
import { ParallelExecutor } from "../../../dist/index.js";
import { hotJob, payloadSize, smallItems, THREADS } from "../bars/calls.js";
import type { Duel } from "../bars/duel.js";
import { placing } from "../bars/memory.js";
import { afterPause } from "../bars/pauses.js";
import { boundedDuels } from "../bars/processes.js";
import { speedup } from "../bars/speedup.js";
import { checked } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { callOn, loop, type Strategy } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Scenario, scenarios } from "../scenarios/scenarios.js";

/** One worker against one thread: how many cores are free is nothing to either. */
const ONE_WORKER = { ...THREADS, maxWorkers: 1 };

/** A scenario by the engine and by a plain loop: what the engine adds to the kernel. */
function overhead(name: string, strategy: Strategy): Duel {
  const scenario = scenarios.find((each) => each.name === name) as Scenario;
  return {
    name: `${name}: ${strategy} against a loop`,
    reference: "loop",
    open: async (quick) => {
      const executor = new ParallelExecutor(ONE_WORKER);
      const prepared = scenario.prepare(quick);
      const shared = { ...prepared, arrays: shareByHand(prepared.arrays) };
      const [chunk] = scenario.chunks;
      const expected = loop(scenario, shared, chunk);
      return {
        contestants: [
          checked("engine", () => callOn(executor, scenario, shared, chunk, strategy), expected),
          checked("loop", () => loop(scenario, shared, chunk), expected),
        ],
        close: () => executor.shutdown(),
      };
    },
    figures: (times) => ratiosOf(times, "engine", "loop"),
  };
}

/** Slower over faster, as everything here: a larger figure is worse. */
function slowness(name: string): Duel {
  return { ...speedup(name), figures: (times) => ratiosOf(times, "two workers", "one worker") };
}

/** Their figures must keep to their limits, on any machine. */
export const bounded = boundedDuels();

export const duels: readonly Duel[] = [
  hotJob,
  afterPause(20),
  { ...smallItems(1), figures: (times) => ratiosOf(times, "map", "loop") },
  payloadSize(),
  placing,
  slowness("k-fold grid"),
  ...["explain wide", "k-fold grid", "Black-Scholes", "FFT", "sum"].flatMap((name) => [
    overhead(name, "sequential"),
    overhead(name, "threads"),
  ]),
];
