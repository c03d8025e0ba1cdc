/** What runs have taught: what kernels cost, how often arrays were placed, what the machine charges. */

import type { PlacementPlan } from "../memory/placement.js";
import { PlacementHistory } from "../memory/placement-history.js";
import type { CostModels } from "../plan/cost-model.js";
import { longestShare, parallelWidth } from "../plan/estimate.js";
import { KernelModels } from "../plan/kernel-model.js";
import type { Workload } from "../plan/plan.js";
import { type WorkShape, workShapeOf } from "../plan/work-shape.js";
import type { KernelCost, Plan, StrategyName } from "../strategies/registry.js";
import type { RunReport } from "../strategies/strategy.js";
import type { StrategySet } from "../strategies/strategy-set.js";
import type { Placing } from "./job-memory.js";
import { learnHost } from "./learn-host.js";
import { type Measured, measure } from "./measured-time.js";
import type { Request } from "./request.js";

// After this many milliseconds without a call workers have gone to sleep.
const PAUSE_MS = 1;

export class Knowledge {
  readonly #models: CostModels<StrategyName>;
  readonly #strategies: StrategySet;
  readonly #kernels: KernelModels<StrategyName>;
  /** The kernels as calls with a hint see them: their tasks are as large as the hint says. */
  readonly #hinted: KernelModels<StrategyName>;
  readonly #placements = new PlacementHistory();
  #lastEnded = -Infinity;

  constructor(models: CostModels<StrategyName>, strategies: StrategySet) {
    this.#models = models;
    this.#strategies = strategies;
    this.#kernels = new KernelModels(models);
    this.#hinted = new KernelModels(models);
  }

  /** Milliseconds without a call before this moment. */
  pauseBefore(moment: number): number {
    return moment - this.#lastEnded;
  }

  /** Whether workers have gone to sleep before this moment. */
  isAfterPause(moment: number): boolean {
    return this.pauseBefore(moment) > PAUSE_MS;
  }

  /** What a call's kernel is known to cost. @param hint payload bytes of a task, as the caller says; 0: nothing was said */
  costOf({ profileKey, workShape, started }: Request, hint: number): KernelCost | undefined {
    const afterPause = this.isAfterPause(started);
    if (hint === 0) return this.#kernels.costOf(profileKey, workShape, afterPause);
    const hinted = hint === workShape.taskBytes ? workShape : withBytes(workShape, hint);
    return (
      this.#hinted.costOf(profileKey, hinted, afterPause) ??
      this.#kernels.costOf(profileKey, hinted, afterPause)
    );
  }

  /** What earlier calls placed of these arrays. */
  placedBefore(placement: PlacementPlan): Workload<StrategyName>["placedBefore"] {
    return this.#placements.of(placement);
  }

  /**
   * Learns from a pass that has ended.
   * @param runs one per strategy that took part, the last one last
   * @param isAlone no other call ran beside it, so that its waits are its own
   */
  learn(
    request: Request,
    plan: Plan,
    runs: readonly RunReport[],
    placing: Placing | undefined,
    { started, ended, isAlone }: { started: number; ended: number; isAlone: boolean },
  ): Measured {
    const last = runs[runs.length - 1] as RunReport;
    const measured = measure(runs, placing, started, ended);
    const { spawn, dispatch, results } = measured.actual;
    // Only a call that ran alone, as planned and on workers that were up, shows what its parts cost by themselves.
    const isPlanned = runs.length === 1 && runs[0]?.strategy === plan.strategy;
    // A stream may have waited for its loop in between.
    const isPlain = isAlone && isPlanned && spawn === 0 && request.call !== "streamShared";
    const afterPause = started - this.#lastEnded > PAUSE_MS;
    this.#lastEnded = ended;
    const width = parallelWidth(last.workers, plan.host);
    for (const run of runs) {
      const { ran, left } = run;
      const strategy = run.strategy as StrategyName;
      const learned = {
        strategy,
        tasks: ran,
        // Measured by the clock, so that threads that begin or end late count.
        busy: isPlain && ran > 0 ? durationOf(run.computing) / longestShare(ran, width) : run.busy,
        sending: run.sending,
        results: isAlone && left === 0 ? results : undefined,
        // Workers that must be sent the kernel first take longer, and only once.
        dispatch:
          isPlain && (strategy === this.#models.here || plan.kernel?.isOnWorkers) ? dispatch : undefined,
        afterPause,
      };
      this.#kernels.learn(request.profileKey, request.workShape, learned);
      if (plan.taskSizeHintBytes !== 0) {
        this.#hinted.learn(request.profileKey, withBytes(request.workShape, plan.taskBytes), learned);
      }
    }
    if (placing !== undefined) this.#placements.note(request.placement);
    if (isAlone) {
      const { charges } = this.#strategies.get(last.strategy as StrategyName).descriptor;
      if (charges !== undefined) {
        learnHost(request.placement, plan, charges, runs, measured.actual, { placing, afterPause });
      }
    }
    return measured;
  }
}

function withBytes({ tasks, args }: WorkShape, taskBytes: number): WorkShape {
  return workShapeOf(tasks, taskBytes, args);
}

function durationOf(span: { readonly start: number; readonly end: number } | undefined): number {
  return span === undefined ? 0 : span.end - span.start;
}
