/** A scenario as a call of the engine, and as a loop on one thread. */
import type { ItemKernel, ParallelExecutor, StrategyName } from "../../../dist/index.js";
import type { Arrays } from "./data.js";
import { kernels } from "./kernels/index.js";
import type { Prepared, Scenario } from "./scenarios.js";
import { type Results, tasksOf } from "./tasks.js";

/** Kernels have parameters of many types; which fit which call is the scenario's matter. */
type AnyKernel = (...parameters: unknown[]) => unknown;

export type Strategy = "auto" | StrategyName;

export function callOn(
  executor: ParallelExecutor,
  { call, kernel: name }: Scenario,
  { arrays, units }: Prepared,
  chunk: number,
  strategy: Strategy,
): Promise<unknown> {
  const kernel = kernels[name] as AnyKernel;
  switch (call) {
    case "map":
      return executor.map(
        starts(units, chunk),
        kernel as ItemKernel<number, Arrays, unknown, { chunk: number }>,
        { shared: arrays, args: { chunk }, strategy },
      );
    case "mapShared":
      return executor.mapShared(Object.values(arrays), kernel, { strategy });
    case "transformShared":
      return executor.transformShared(arrays, Float64Array, kernel, { chunkSize: chunk, strategy });
    case "reduceShared":
      return executor.reduceShared(arrays["x"] as Float64Array, kernel as (x: unknown) => number, add, {
        chunkSize: chunk,
        strategy,
      });
  }
}

/** The same tasks, one after the other, on this thread. */
export function loop(scenario: Scenario, prepared: Prepared, chunk: number): unknown {
  const { tasks, gather } = tasksOf(scenario, prepared, chunk, "here");
  return gather(
    tasks.map(({ kernel, parameters }) => (kernels[kernel] as AnyKernel)(...parameters)) as Results,
  );
}

export function starts(units: number, chunk: number): number[] {
  return Array.from({ length: Math.ceil(units / chunk) }, (_, i) => i * chunk);
}

function add(a: number, b: number): number {
  return a + b;
}
