/**
 * Runs a pass on its planned strategy. Tasks that are left over, because moving is faster or no workers are available, run on
 * the next strategy.
 */
import type { ParallelConfig } from "../config/config.js";
import { WorkerLostError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import type { Occupant } from "../plan/occupancy.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import type { HandOverPlan, Plan, StrategyName } from "../strategies/registry.js";
import type { Leg, RunReport, Strategy } from "../strategies/strategy.js";
import type { StrategySet } from "../strategies/strategy-set.js";
import type { Occupation } from "../telemetry/metrics.js";
import type { Reporter } from "../telemetry/reporter.js";
import type { CallRecord, PlannedPass } from "./call-record.js";
import { HandOver } from "./hand-over.js";
import type { JobMemory } from "./job-memory.js";
import type { Planner } from "./planner.js";
import { unlessStopped } from "./unless-stopped.js";

/** A part of a pass on one strategy. */
interface NamedLeg extends Leg {
  readonly strategy: StrategyName;
  readonly overseer: HandOver | undefined;
}

export class StrategyRunner {
  readonly #config: ParallelConfig;
  readonly #arena: Arena;
  readonly #strategies: StrategySet;
  readonly #planner: Planner;
  readonly #reporter: Reporter;

  constructor(
    config: ParallelConfig,
    arena: Arena,
    strategies: StrategySet,
    planner: Planner,
    reporter: Reporter,
  ) {
    this.#config = config;
    this.#arena = arena;
    this.#strategies = strategies;
    this.#planner = planner;
    this.#reporter = reporter;
  }

  /** @returns `undefined` if all has ended at once */
  run(call: CallRecord, pass: PlannedPass): Promise<void> | undefined {
    pass.occupant = this.#planner.began(pass.plan, pass.request);
    const next = this.#runLeg(call, pass, this.#firstLeg(call, pass));
    return next === undefined ? undefined : this.#goOn(call, pass, next);
  }

  async #goOn(call: CallRecord, pass: PlannedPass, next: MaybePromise<NamedLeg | undefined>): Promise<void> {
    let leg = await next;
    while (leg !== undefined) leg = await this.#runLeg(call, pass, leg);
  }

  #firstLeg({ job, call }: CallRecord, pass: PlannedPass): NamedLeg {
    const { request, plan, memory, runs } = pass;
    const { strategy, workers, handOver } = plan;
    const expected = expectedOf(plan, strategy);
    if (handOver === undefined) return { strategy, workers, expected, overseer: undefined };
    const planner = this.#planner;
    const grounds = {
      get rent() {
        return planner.rentOf(handOver.strategy);
      },
      planAgain: () => planner.planAgain(request, pass.occupant as Occupant<StrategyName>),
    };
    const next = this.#strategies.get(handOver.strategy);
    const bytesNeeded = next.descriptor.placesArrays ? request.placement.bytesNeeded : 0;
    const overseer = new HandOver(plan, next.strategy.workers, this.#arena, bytesNeeded, grounds, (error) => {
      // A call that is over stays nowhere: it may be why the workers did not come.
      if (runs.length > 0 || memory.job.isStopped) return;
      this.#reporter.fellBack(job, call, error, handOver.strategy, strategy);
    });
    return { strategy, workers, expected, overseer };
  }

  /** @returns what takes over */
  #runLeg(call: CallRecord, pass: PlannedPass, leg: NamedLeg): MaybePromise<NamedLeg | undefined> {
    const { descriptor, strategy } = this.#strategies.get(leg.strategy);
    const hasWorkers = strategy.workers !== undefined;
    const occupation = hasWorkers ? this.#reporter.metrics.occupyWorkers() : undefined;
    const { streamBuffer } = call;
    if (occupation !== undefined && streamBuffer !== undefined) streamBuffer.onWorkers = occupation.occupy;
    try {
      const { memory } = pass;
      const { job } = memory;
      const prepared = memory.prepare(descriptor);
      const running =
        prepared === undefined ? strategy.run(job, leg, memory) : runLater(prepared, strategy, leg, memory);
      const ran = unlessStopped(job, running);
      if (isPromise(ran)) return this.#endLater(call, pass, leg, occupation, ran);
      return this.#end(call, pass, leg, occupation, ran);
    } catch (error) {
      return this.#fallBack(call, pass, leg, occupation, error);
    }
  }

  // Beside `#end`: a call of tiny tasks that has ended already makes no promise.
  async #endLater(
    call: CallRecord,
    pass: PlannedPass,
    leg: NamedLeg,
    occupation: Occupation | undefined,
    ran: Promise<RunReport>,
  ): Promise<NamedLeg | undefined> {
    try {
      return this.#end(call, pass, leg, occupation, await ran);
    } catch (error) {
      return this.#fallBack(call, pass, leg, occupation, error);
    }
  }

  /** @returns the workers' leg, if this thread has handed over */
  #end(
    call: CallRecord,
    pass: PlannedPass,
    { overseer }: NamedLeg,
    occupation: Occupation | undefined,
    report: RunReport,
  ): NamedLeg | undefined {
    occupation?.end(report.busy);
    pass.runs.push(report);
    if (overseer === undefined || report.left === 0) return undefined;
    const { plan } = pass;
    const { strategy, workers } = plan.handOver as HandOverPlan;
    this.#planner.ended(pass.occupant as Occupant<StrategyName>);
    pass.occupant = this.#planner.began(plan, pass.request, strategy);
    call.announced = strategy;
    this.#reporter.planned(call.job, call.call, plan, strategy, overseer.reason);
    return { strategy, workers, expected: expectedOf(plan, strategy), overseer: undefined };
  }

  /**
   * @returns a leg on the calling thread, if that may replace the workers
   * @throws the error, if nothing may
   */
  #fallBack(
    call: CallRecord,
    pass: PlannedPass,
    leg: NamedLeg,
    occupation: Occupation | undefined,
    error: unknown,
  ): NamedLeg {
    occupation?.end(0);
    const { here } = this.#planner;
    const mayFallBack = !pass.memory.job.isStopped && leg.strategy !== here;
    if (!mayFallBack || !this.#isReplaceable(pass, error)) throw error;
    this.#reporter.fellBack(call.job, call.call, error, leg.strategy, here);
    return { strategy: here, workers: 1, expected: undefined, overseer: undefined };
  }

  #isReplaceable({ plan, memory }: PlannedPass, error: unknown): boolean {
    // A task that was interrupted must not run again here.
    if (memory.job.runsOnce && error instanceof WorkerLostError && error.index !== undefined) return false;
    if (this.#config.forceSerialOnFailure) return true;
    // An initializer runs in workers only, and kernels may count on it.
    if (this.#config.workerInitializer !== undefined) return false;
    // A kernel that ended its worker would end this thread too, so only a pool that did not start is replaced unasked.
    const isAutomatic = plan.fallbacks.length > 0 || plan.handOver !== undefined;
    return isAutomatic && error instanceof WorkerLostError && error.exitCode === undefined;
  }
}

async function runLater(
  prepared: Promise<void>,
  strategy: Strategy,
  leg: Leg,
  memory: JobMemory,
): Promise<RunReport> {
  await prepared;
  return strategy.run(memory.job, leg, memory);
}

function expectedOf({ kernel, predicted }: Plan, strategy: StrategyName): number | undefined {
  return kernel === undefined ? undefined : predicted[strategy].compute;
}
