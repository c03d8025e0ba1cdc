/**
 * The dispatch of a call, leg by leg: on the strategy that was planned, and with what that leaves on the one that takes
 * over, for speed or for want of workers.
 */
import type { ParallelConfig } from "../config/config.js";
import { WorkerLostError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import type { Occupant } from "../plan/occupancy.js";
import type { HandOverPlan, Plan } from "../plan/plan.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import type { RunReport } from "../strategies/job.js";
import type { Pool } from "../strategies/threads/pool.js";
import type { Occupation } from "../telemetry/metrics.js";
import type { Reporter } from "../telemetry/reporter.js";
import type { Leg } from "./execution.js";
import { HandOver } from "./hand-over.js";
import type { Planner } from "./planner.js";
import type { Planned } from "./report.js";

const ALONE: Leg = { strategy: "sequential", workers: 1, expected: undefined, overseer: undefined };

export class StrategyRunner {
  readonly #config: ParallelConfig;
  readonly #arena: Arena;
  readonly #pool: Pool;
  readonly #planner: Planner;
  readonly #reporter: Reporter;

  constructor(config: ParallelConfig, arena: Arena, pool: Pool, planner: Planner, reporter: Reporter) {
    this.#config = config;
    this.#arena = arena;
    this.#pool = pool;
    this.#planner = planner;
    this.#reporter = reporter;
  }

  /** Runs the planned strategy, and what is left on the one that takes over. @returns undefined where all has ended */
  run(course: Planned): Promise<void> | undefined {
    course.occupant = this.#planner.began(course.plan);
    const next = this.#runLeg(course, this.#firstLeg(course));
    return next === undefined ? undefined : this.#goOn(course, next);
  }

  async #goOn(course: Planned, next: MaybePromise<Leg | undefined>): Promise<void> {
    let leg = await next;
    while (leg !== undefined) leg = await this.#runLeg(course, leg);
  }

  #firstLeg(course: Planned): Leg {
    const { job, request, plan, execution, runs } = course;
    const { strategy, workers, handOver } = plan;
    const expected = expectedOf(plan);
    if (handOver === undefined) return { strategy, workers, expected, overseer: undefined };
    const { bytesNeeded } = request.placement;
    const planner = this.#planner;
    const grounds = {
      get rent() {
        return planner.rent;
      },
      planAgain: () => planner.planAgain(request, course.occupant as Occupant),
    };
    const overseer = new HandOver(plan, this.#pool, this.#arena, bytesNeeded, grounds, (error) => {
      // A call that is over stays nowhere: it may be why the workers did not come.
      if (runs.length > 0 || execution.job.isStopped) return;
      this.#reporter.fellBack(job, request.call, error, handOver.strategy, plan.strategy);
    });
    return { ...ALONE, overseer };
  }

  /** @returns what takes over */
  #runLeg(course: Planned, leg: Leg): MaybePromise<Leg | undefined> {
    const occupation = leg.strategy === "threads" ? this.#reporter.metrics.occupyWorkers() : undefined;
    const { backlog } = course.execution.job.parts;
    if (occupation !== undefined && backlog !== undefined) backlog.onWorkers = occupation.occupy;
    try {
      const ran = course.execution.run(leg, this.#pool, this.#config.maxRetries);
      if (isPromise(ran)) return this.#endLater(course, leg, occupation, ran);
      return this.#ended(course, leg, occupation, ran);
    } catch (error) {
      return this.#fallBack(course, leg, occupation, error);
    }
  }

  async #endLater(
    course: Planned,
    leg: Leg,
    occupation: Occupation | undefined,
    ran: Promise<RunReport>,
  ): Promise<Leg | undefined> {
    try {
      return this.#ended(course, leg, occupation, await ran);
    } catch (error) {
      return this.#fallBack(course, leg, occupation, error);
    }
  }

  /** @returns the workers' leg, where this thread has handed over */
  #ended(
    course: Planned,
    { overseer }: Leg,
    occupation: Occupation | undefined,
    report: RunReport,
  ): Leg | undefined {
    const { job, request, plan, runs } = course;
    occupation?.end(report.busy);
    runs.push(report);
    if (overseer === undefined || report.left === 0) return undefined;
    const { strategy, workers } = plan.handOver as HandOverPlan;
    this.#planner.ended(course.occupant as Occupant);
    course.occupant = this.#planner.began(plan, strategy);
    this.#reporter.planned(job, request.call, plan, strategy, overseer.reason);
    return { strategy, workers, expected: expectedOf(plan), overseer: undefined };
  }

  /**
   * @returns a leg on this thread, where that may replace the workers
   * @throws the error, where nothing may
   */
  #fallBack(
    { job, request, plan, execution }: Planned,
    { strategy }: Leg,
    occupation: Occupation | undefined,
    error: unknown,
  ): Leg {
    occupation?.end(0);
    if (execution.job.isStopped || strategy !== "threads" || !this.#mayFallBack(plan, error)) throw error;
    this.#reporter.fellBack(job, request.call, error, strategy, "sequential");
    return ALONE;
  }

  #mayFallBack(plan: Plan, error: unknown): boolean {
    if (this.#config.forceSerialOnFailure) return true;
    // An initializer runs in workers only, and kernels may count on it.
    if (this.#config.workerInitializer !== undefined) return false;
    // A kernel that ended its worker would end this thread too, so only a pool that did not start is replaced unasked.
    const isAutomatic = plan.fallbacks.length > 0 || plan.handOver !== undefined;
    return isAutomatic && error instanceof WorkerLostError && error.exitCode === undefined;
  }
}

function expectedOf({ kernel, predicted }: Plan): Leg["expected"] {
  return kernel === undefined ? undefined : predicted.threads.compute;
}
