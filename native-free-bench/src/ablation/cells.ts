/** The ablation: every scenario under every variant, in one race per scenario. */
import { ParallelExecutor } from "../../../dist/index.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import type { Contestant } from "../harness/contestant.js";
import { digest } from "../harness/digest.js";
import { race, rowsOf } from "../harness/race.js";
import { callOn, loop } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Prepared, type Scenario, scenarios } from "../scenarios/scenarios.js";
import { SEQUENTIAL, type Variant, variants } from "./variants.js";

const OPTIONS = { maxWorkers: WORKERS, idleTimeout: 3_600_000 };
/** Calls on shared memory before a call on fresh regions, so that pool and kernel are as warm as on reused ones. */
const FRESH_WARM_UPS = 3;

export const cells: readonly Cell[] = scenarios.map((scenario) => ({
  name: scenario.name,
  measure: (effort) => measure(scenario, effort),
}));

async function measure(scenario: Scenario, { quick, pace }: Effort): Promise<Partial<Measured>> {
  const prepared = scenario.prepare(quick);
  const inputs = { plain: prepared, shared: { ...prepared, arrays: shareByHand(prepared.arrays) } };
  const hot = new ParallelExecutor(OPTIONS);
  await hot.start();
  const contestants = variants
    .filter(({ chunk }) => chunk < scenario.chunks.length)
    .map((variant) => contestantOf(scenario, variant, inputs, hot));
  const rows = rowsOf(await race(contestants, pace), SEQUENTIAL.name);
  await hot.shutdown();
  return { tables: [{ title: `${scenario.name}: ${scenario.about}`, reference: SEQUENTIAL.name, rows }] };
}

/** @throws Error, from its turns, if the result is not what one thread computes */
function contestantOf(
  scenario: Scenario,
  variant: Variant,
  inputs: { readonly plain: Prepared; readonly shared: Prepared },
  hot: ParallelExecutor,
): Contestant {
  const chunk = scenario.chunks[variant.chunk] as number;
  const input = inputs[variant.input];
  const expected = digest(loop(scenario, inputs.shared, chunk));
  const prepareExecutor = async (): Promise<ParallelExecutor> => {
    if (variant.pool === "hot" && variant.regions === "reused") return hot;
    const executor = new ParallelExecutor(OPTIONS);
    if (variant.pool === "cold") return executor;
    await executor.start();
    for (let i = 0; i < FRESH_WARM_UPS; i += 1) {
      await callOn(executor, scenario, inputs.shared, chunk, variant.strategy);
    }
    return executor;
  };
  return {
    name: variant.name,
    time: async () => {
      const executor = await prepareExecutor();
      const started = performance.now();
      const result = await callOn(executor, scenario, input, chunk, variant.strategy);
      const ms = performance.now() - started;
      if (executor !== hot) await executor.shutdown();
      if (digest(result) !== expected) throw new Error(`${variant.name} differs in ${scenario.name}`);
      return ms;
    },
  };
}
