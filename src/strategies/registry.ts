/** All strategies. A new one is one more folder and one more line here. */
import type * as plans from "../plan/plan.js";
import { processes } from "./processes/index.js";
import { sequential } from "./sequential/index.js";
import { threads } from "./threads/index.js";

/** The preferred ones first, if two of them cost the same. */
export const STRATEGIES = [sequential, threads, processes] as const;

export type StrategyName = (typeof STRATEGIES)[number]["name"];

/** Where a call runs: on this machine, or on others by an executor of `sharray/cluster`. */
export type RunsOn = StrategyName | "cluster";

// Plans as the public surface has them.
export type Plan = plans.Plan<StrategyName>;
/** A plan of any executor. */
export type AnyPlan = Plan | plans.Plan<"sequential" | "cluster">;
export type HandOverPlan = plans.HandOverPlan<StrategyName>;
export type KernelCost = plans.KernelCost<StrategyName>;
