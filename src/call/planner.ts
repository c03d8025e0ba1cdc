/** Brings together what plans rest on, and learns from every run. */
import type { ParallelConfig } from "../config/config.js";
import type { Arena } from "../memory/arena.js";
import { sizeClass } from "../memory/region.js";
import type { CostModels } from "../plan/cost-model.js";
import { longestShare, parallelWidth } from "../plan/estimate.js";
import { type HostProfile, hostProfileOf } from "../plan/host-profile.js";
import { DraftPlan, makePlan } from "../plan/make-plan.js";
import { Occupancy, type Occupant } from "../plan/occupancy.js";
import type { Limits, Workload } from "../plan/plan.js";
import { canStop } from "../platform/watchdog.js";
import { HostMeter, observe } from "../strategies/host-meter.js";
import type { Plan, StrategyName } from "../strategies/registry.js";
import type { RunReport } from "../strategies/strategy.js";
import type { StrategySet } from "../strategies/strategy-set.js";
import type { Placing } from "./job-memory.js";
import { Knowledge } from "./knowledge.js";
import type { Measured } from "./measured-time.js";
import { RepeatedPlans, type Situation } from "./repeated-plans.js";
import { madeBytes, type Request } from "./request.js";
import { StrategyStates } from "./strategy-states.js";

const NEVER_DROPPED: Workload<StrategyName>["droppedBefore"] = Object.freeze({ bytes: 0, times: 0 });

// Why some calls can't run on workers that see copies.
const WRITES_APART = 'its tasks would each write to a copy of what is in "writable", or captured';
const PASSES_APART = "each pass of its workers reads what others have written in the one before";

export class Planner {
  /** The strategy on the calling thread. */
  readonly here: StrategyName;
  /** All strategies, as far as their costs go. */
  readonly #models: CostModels<StrategyName>;
  readonly #config: ParallelConfig;
  readonly #arena: Arena;
  readonly #strategies: StrategySet;
  readonly #states: StrategyStates;
  readonly #host: HostMeter;
  readonly #knowledge: Knowledge;
  readonly #repeated = new RepeatedPlans();
  readonly #occupancy: Occupancy<StrategyName>;
  /** What rounds of single jobs see: other rounds are part of the same work. */
  readonly #nobody: Occupancy<StrategyName>;

  constructor(config: ParallelConfig, arena: Arena, strategies: StrategySet) {
    this.#config = config;
    this.#arena = arena;
    this.#strategies = strategies;
    const { models } = strategies;
    this.here = models.here;
    this.#models = models;
    this.#occupancy = new Occupancy(models);
    this.#nobody = new Occupancy(models);
    this.#states = new StrategyStates(config, models, strategies);
    this.#knowledge = new Knowledge(models, strategies);
    this.#host = new HostMeter(config.hostProfile ?? {});
  }

  get host(): HostProfile {
    return hostProfileOf(this.#host.profile);
  }

  /** @param hereBecause why only the calling thread may run it, as far as this call goes */
  plan(request: Request, hereBecause?: string): Plan {
    const situation = this.#situationOf(request, hereBecause);
    const isAlone = this.#occupancy.calls === 0 && (request.jobs?.behind ?? 0) === 0;
    const repeated = isAlone ? this.#repeated.find(request, situation) : undefined;
    if (repeated !== undefined) return repeated;
    const { workload, limits } = this.#groundsOf(request, situation);
    const plan = new DraftPlan(this.#models, workload, limits, this.#host.profile);
    if (isAlone) this.#repeated.keep(request, plan, situation);
    return plan;
  }

  /** Plans a call again that was planned and has not begun, because it waited for its turn. */
  planAgain(request: Request, occupant: Occupant<StrategyName>): Plan {
    this.ended(occupant);
    const plan = this.plan(request);
    this.#occupancy.enter(occupant);
    return plan;
  }

  /** The strategy whose workers `start()` starts; `undefined` if there are none to start. @throws IsolationError */
  get startsFirst(): StrategyName | undefined {
    return this.#states.startsFirst;
  }

  /** Milliseconds that calls have lost because the strategy had no workers. */
  rentOf(strategy: StrategyName): number {
    return this.#states.of[strategy].rent;
  }

  /** The same for users to read. */
  explain(request: Request): Plan {
    const { workload, limits } = this.#groundsOf(request, this.#situationOf(request));
    return makePlan(this.#models, workload, limits, this.#host.profile);
  }

  /** A call begins to run, or to run elsewhere. */
  began(plan: Plan, { sourced }: Request, strategy: StrategyName = plan.strategy): Occupant<StrategyName> {
    const { predicted, workers, handOver, host } = plan;
    const threads = strategy === plan.strategy ? workers : (handOver?.workers ?? 1);
    const all = strategy === this.here ? 1 : parallelWidth(this.#config.maxWorkers, host);
    // Passes over a source are planned as one, so none of them waits for the others.
    const share = sourced === undefined ? parallelWidth(threads, host) / all : 0;
    const occupant = { strategy, busy: share * predicted[strategy].compute, share };
    this.#occupancy.enter(occupant);
    return occupant;
  }

  /** The call is over. */
  ended(occupant: Occupant<StrategyName>): void {
    this.#occupancy.leave(occupant);
  }

  /** The host is measured in the background after the first call whose plan rests on it. */
  measureHost(plan: Plan): void {
    if (plan.handOver !== undefined || plan.strategy !== this.here) this.#host.measureOnce();
  }

  /** Learns from a pass that has ended. See `Knowledge.learn`. */
  learn(
    request: Request,
    plan: Plan,
    runs: readonly RunReport[],
    placing: Placing | undefined,
    times: { started: number; ended: number; isAlone: boolean },
  ): Measured {
    const measured = this.#knowledge.learn(request, plan, runs, placing, times);
    this.#repeated.check(request.profileKey, plan, measured.actual.total);
    this.#payRent(plan, runs[runs.length - 1] as RunReport);
    return measured;
  }

  /** Starting all workers of a strategy took `spawn` milliseconds, with nothing beside it. */
  observeStart(strategy: StrategyName, spawn: number): void {
    const { charges } = this.#strategies.get(strategy).descriptor;
    const others = (this.#config.maxWorkers - 1) * this.host.spawnPerWorker;
    if (charges?.spawn !== undefined) observe(charges.spawn, Math.max(0, spawn - others));
  }

  #droppedBefore(request: Request): Workload<StrategyName>["droppedBefore"] {
    const sizes = madeBytes(request);
    if (sizes.length === 0) return NEVER_DROPPED;
    const dropped = sizes.map((bytes) => this.#arena.lendings.droppedOf(sizeClass(bytes)));
    return { bytes: sizes.reduce((sum, bytes) => sum + bytes, 0), times: Math.min(...dropped) };
  }

  /** Whether the planner may choose how the call runs. */
  mayChoose({ options }: Request): boolean {
    return (options.strategy ?? this.#config.strategy) === "auto";
  }

  #situationOf({ started, kernel, spec, options }: Request, because?: string): Situation {
    const { strategy: configured, idleTimeout } = this.#config;
    const strategy = options.strategy ?? configured;
    const writesCaptured = kernel.captured?.writesShared === true;
    const sharesWrites = writesCaptured || (spec.writesOwn === true && spec.keeps === undefined);
    const hereBecause =
      because ??
      (sharesWrites || options.writable !== undefined
        ? this.#states.hereBecauseSharing(strategy, kernel.isThreadSafe, WRITES_APART)
        : spec.passes !== undefined
          ? this.#states.hereBecauseSharing(strategy, kernel.isThreadSafe, PASSES_APART)
          : this.#states.hereBecause(strategy, kernel.isThreadSafe));
    const pause = this.#knowledge.pauseBefore(started);
    const keepsRegions = pause < idleTimeout;
    this.#states.settle(!keepsRegions);
    const afterPause = this.#knowledge.isAfterPause(started);
    return { hereBecause, keepsRegions, afterPause, serving: this.#states.serving };
  }

  #groundsOf(
    request: Request,
    { hereBecause, keepsRegions, afterPause }: Situation,
  ): { readonly workload: Workload<StrategyName>; readonly limits: Limits<StrategyName> } {
    const { call, kernel, spec, instances, placement, options, jobs } = request;
    // A round of single jobs is planned as the beginning of one call over all that wait.
    const behind = jobs?.behind ?? 0;
    const { taskBytes } = request.workShape;
    const config = this.#config;
    const hint = options.taskSizeHintBytes ?? config.taskSizeHintBytes;
    const strategy = options.strategy ?? config.strategy;
    const cost = this.#knowledge.costOf(request, hint);
    const isApart = spec.writesOwn !== true && options.writable === undefined;
    return {
      workload: {
        call,
        tasks: (request.sourced?.width ?? spec.tasks) + behind,
        passes: spec.passes ?? 1,
        isCut: spec.shape !== "list" && spec.shape !== "items",
        instances: instances + behind,
        taskBytes: hint === 0 ? taskBytes : hint,
        hint,
        bytesShared: placement.bytesShared,
        bytesToPlace: placement.bytesPlaced,
        placedBefore: this.#knowledge.placedBefore(placement),
        droppedBefore: this.#droppedBefore(request),
        kernel: cost,
        afterPause,
        occupied: (jobs === undefined ? this.#occupancy : this.#nobody).byStrategy,
        canGiveUp: !kernel.stateful && spec.writesOwn !== true && !writesInputs(request),
      },
      limits: {
        strategy,
        maxWorkers: config.maxWorkers,
        states: this.#states.for(strategy, kernel.isThreadSafe, isApart ? cost : undefined),
        canInterrupt: strategy !== "auto" || canStop(),
        recycles: this.#arena.recycles(placement.bytesNeeded),
        keepsRegions,
        hereBecause,
        minBatchSize: config.minBatchSize,
        minInstancesForParallel: config.minInstancesForParallel,
        tinyWorkloadThreshold: config.tinyWorkloadThreshold,
      },
    };
  }

  /** What a call would have saved if there had been workers. Enough of that, and they are started for the next ones. */
  #payRent({ tasks, predicted, handOver, host }: Plan, last: RunReport): void {
    if (handOver === undefined || last.strategy !== this.here) return;
    const { spawn, place, dispatch } = predicted[handOver.strategy];
    if (spawn === 0) return;
    // Beside other calls it waited for its turns, or they waited for theirs.
    const besides = Math.min(this.#occupancy.calls, parallelWidth(this.#config.maxWorkers, host));
    const share = Math.min(longestShare(tasks, handOver.width), 1 / Math.max(1, besides));
    const { rents } = this.#states;
    const rent = rents[handOver.strategy];
    rent.pay(last.busy * (1 - share) - place - dispatch);
    if (rent.paid < spawn) return;
    rent.settle();
    // A call that needs them and does not find them hears why.
    void this.#strategies
      .get(handOver.strategy)
      .strategy.workers?.start(handOver.workers)
      .catch(() => {});
  }
}

/** Whether it changes what it was given, other than outputs. Those are cleared if a task runs again. */
function writesInputs({ outputs: asked, spec, kernel }: Request): boolean {
  const outputs = asked === null ? 0 : spec.shape === "items" ? 0b100 : 0b10;
  return (kernel.writes & ~outputs) !== 0;
}
