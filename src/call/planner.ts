/** Brings together what plans rest on, and learns from every run. */
import type { ParallelConfig } from "../config/config.js";
import { IsolationError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { elementBytes } from "../memory/dtypes.js";
import { PlacementHistory } from "../memory/placement-history.js";
import { sizeClass } from "../memory/region.js";
import { hintAdvice } from "../plan/advice.js";
import { longestShare, parallelWidth } from "../plan/estimate.js";
import { type HostProfile, hostProfileOf } from "../plan/host-profile.js";
import { KernelModels } from "../plan/kernel-model.js";
import { DraftPlan, makePlan } from "../plan/make-plan.js";
import { Occupancy, type Occupant } from "../plan/occupancy.js";
import type { Limits, Plan, StrategyName, Workload } from "../plan/plan.js";
import { Rent } from "../plan/rent.js";
import { HERE } from "../plan/strategies.js";
import { type WorkShape, workShapeOf } from "../plan/work-shape.js";
import { isPoolWorker } from "../platform/nested.js";
import { whyNoThreads } from "../platform/runtime.js";
import { canStop } from "../platform/watchdog.js";
import { HostMeter, observe } from "../strategies/host-meter.js";
import type { RunReport } from "../strategies/job.js";
import type { Pool } from "../strategies/threads/pool.js";
import type { Execution } from "./execution.js";
import { learnHost } from "./learn-host.js";
import { type Measured, measure } from "./measured-time.js";
import type { Request } from "./request.js";

// Workers have gone to sleep by then.
const PAUSE_MS = 1;

const NEVER_DROPPED: Workload["droppedBefore"] = Object.freeze({ bytes: 0, times: 0 });

export class Planner {
  readonly #config: ParallelConfig;
  readonly #arena: Arena;
  readonly #pool: Pool;
  readonly #host: HostMeter;
  readonly #kernels = new KernelModels();
  /** By calls with a hint, whose tasks are as large as the hint says. */
  readonly #hinted = new KernelModels();
  readonly #placements = new PlacementHistory();
  readonly #rent = new Rent();
  readonly #occupancy = new Occupancy();
  #lastEnded = -Infinity;

  constructor(config: ParallelConfig, arena: Arena, pool: Pool) {
    this.#config = config;
    this.#arena = arena;
    this.#pool = pool;
    this.#host = new HostMeter(config.hostProfile ?? {});
  }

  get host(): HostProfile {
    return hostProfileOf(this.#host.profile);
  }

  /** @param sequentialBecause why nothing else is possible, as far as this call goes */
  plan(request: Request, sequentialBecause?: string): Plan {
    const { workload, limits } = this.#groundsOf(request, sequentialBecause);
    return new DraftPlan(workload, limits, this.#host.profile);
  }

  /** A call that was planned has not begun yet, as it waited for its turn: how would it run now? */
  planAgain(request: Request, occupant: Occupant): Plan {
    this.ended(occupant);
    const plan = this.plan(request);
    this.#occupancy.enter(occupant);
    return plan;
  }

  /** Milliseconds that calls have lost because there were no workers. */
  get rent(): number {
    return this.#rent.paid;
  }

  /** The same for users to read. */
  explain(request: Request): Plan {
    const { workload, limits } = this.#groundsOf(request);
    return makePlan(workload, limits, this.#host.profile);
  }

  /** A call begins to run, or to run elsewhere. */
  began(plan: Plan, strategy: StrategyName = plan.strategy): Occupant {
    const { predicted, workers, handOver, host } = plan;
    const threads = strategy === plan.strategy ? workers : (handOver?.workers ?? 1);
    const all = strategy === HERE.name ? 1 : parallelWidth(this.#config.maxWorkers, host);
    const share = parallelWidth(threads, host) / all;
    const occupant = { strategy, busy: share * predicted[strategy].compute, share };
    this.#occupancy.enter(occupant);
    return occupant;
  }

  /** It is over. */
  ended(occupant: Occupant): void {
    this.#occupancy.leave(occupant);
  }

  /** The host is measured in the background after the first call whose plan rests on it. */
  measureHost(plan: Plan): void {
    if (plan.handOver !== undefined || plan.strategy === "threads") this.#host.measureOnce();
  }

  /**
   * Learns from a call that has ended.
   * @param runs one per strategy that took part, the last one last
   * @param isAlone no other call ran beside it, so that its waits are its own
   */
  learn(
    request: Request,
    plan: Plan,
    runs: readonly RunReport[],
    { placing }: Execution,
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
      const { strategy, ran, left } = run;
      const learned = {
        strategy,
        tasks: ran,
        // By the clock, so that threads that begin or end late count.
        busy: isPlain && ran > 0 ? durationOf(run.computing) / longestShare(ran, width) : run.busy,
        sending: run.sending,
        results: isAlone && left === 0 ? results : undefined,
        // Workers that must be sent the kernel first take longer, and only once.
        dispatch: isPlain && (strategy === HERE.name || plan.kernel?.isOnWorkers) ? dispatch : undefined,
        afterPause,
      };
      this.#kernels.learn(request.profileKey, request.workShape, learned);
      if (plan.taskSizeHintBytes !== 0) {
        this.#hinted.learn(request.profileKey, withBytes(request.workShape, plan.taskBytes), learned);
      }
    }
    this.#payRent(plan, last);
    if (placing !== undefined) this.#placements.note(request.placement);
    if (isAlone) learnHost(request.placement, plan, runs, measured.actual, { placing, afterPause });
    return measured;
  }

  /** The pool of `workers` workers took `spawn` milliseconds to start, with nothing beside it. */
  observeStart(spawn: number, workers: number): void {
    observe("spawn", Math.max(0, spawn - (workers - 1) * this.host.spawnPerWorker));
  }

  /** What is to be said of the hint, now that the call has run; undefined: nothing. */
  hintAdvice({ workShape }: Request, plan: Plan, busy: number): string | undefined {
    const { kernel, host, tasks } = plan;
    const predicted =
      kernel === undefined
        ? tasks * (host.perTask + plan.taskBytes * host.computePerByte)
        : tasks * kernel.perTask.threads;
    return hintAdvice(plan.taskSizeHintBytes, workShape.taskBytes, predicted, busy);
  }

  #droppedBefore({ outputs, spec }: Request): Workload["droppedBefore"] {
    if (outputs === null) return NEVER_DROPPED;
    const sizes = outputs.kinds.map((kind) => spec.length * elementBytes(kind));
    const dropped = sizes.map((bytes) => this.#arena.lendings.droppedOf(sizeClass(bytes)));
    return { bytes: sizes.reduce((sum, bytes) => sum + bytes, 0), times: Math.min(...dropped) };
  }

  /** May the planner choose how the call runs? */
  mayChoose({ options }: Request): boolean {
    return (options.strategy ?? this.#config.strategy) === "auto";
  }

  #groundsOf(
    request: Request,
    sequentialBecause = this.sequentialBecause(),
  ): { readonly workload: Workload; readonly limits: Limits } {
    const { call, started, kernel, spec, workShape, instances, placement, profileKey, options } = request;
    const { taskBytes } = workShape;
    const config = this.#config;
    const hint = options.taskSizeHintBytes ?? config.taskSizeHintBytes;
    const strategy = options.strategy ?? config.strategy;
    this.assertPossible(strategy);
    const pause = started - this.#lastEnded;
    const afterPause = pause > PAUSE_MS;
    const liveWorkers = this.#pool.serving;
    if (liveWorkers >= config.maxWorkers || pause >= config.idleTimeout) this.#rent.settle();
    const known = (models: KernelModels, bytes: number) =>
      models.costOf(profileKey, bytes === taskBytes ? workShape : withBytes(workShape, bytes), afterPause);
    return {
      workload: {
        call,
        tasks: spec.tasks,
        isCut: spec.shape === "array" || spec.shape === "columns",
        instances,
        taskBytes: hint === 0 ? taskBytes : hint,
        hint,
        bytesShared: placement.bytesShared,
        bytesToPlace: placement.bytesPlaced,
        placedBefore: this.#placements.of(placement),
        droppedBefore: this.#droppedBefore(request),
        kernel:
          (hint === 0 ? undefined : known(this.#hinted, hint)) ?? known(this.#kernels, hint || taskBytes),
        afterPause,
        occupied: this.#occupancy.byStrategy,
        canGiveUp: !kernel.stateful && !writesInputs(request),
      },
      limits: {
        strategy,
        maxWorkers: config.maxWorkers,
        liveWorkers,
        respawnWait: this.#pool.respawnWait,
        rent: this.#rent.paid,
        canInterrupt: strategy !== "auto" || canStop(),
        recycles: this.#arena.recycles(placement.bytesNeeded),
        keepsRegions: pause < config.idleTimeout,
        sequentialBecause,
        minBatchSize: config.minBatchSize,
        minInstancesForParallel: config.minInstancesForParallel,
        tinyWorkloadThreshold: config.tinyWorkloadThreshold,
      },
    };
  }

  /** What a call would have saved had the workers been up. Enough of that, and they are started for those to come. */
  #payRent({ tasks, predicted, handOver, host }: Plan, last: RunReport): void {
    if (handOver === undefined || last.strategy !== HERE.name) return;
    const { spawn, place, dispatch } = predicted[handOver.strategy];
    if (spawn === 0) return;
    // Beside others it waited for its turns, or they for theirs.
    const besides = Math.min(this.#occupancy.calls, parallelWidth(this.#config.maxWorkers, host));
    const share = Math.min(longestShare(tasks, handOver.width), 1 / Math.max(1, besides));
    this.#rent.pay(last.busy * (1 - share) - place - dispatch);
    if (this.#rent.paid < spawn) return;
    this.#rent.settle();
    // Whoever needs them and does not find them hears why.
    void this.#pool.start(handOver.workers).catch(() => {});
  }

  /** Why nothing but sequential is possible here; undefined: threads are. */
  sequentialBecause(): string | undefined {
    if (!this.#config.enabled) return "disabled";
    return isPoolWorker() ? "nested" : whyNoThreads();
  }

  /** @throws IsolationError where threads are asked for and there can be none */
  assertPossible(strategy: Limits["strategy"]): void {
    const { enabled, forceSerialOnFailure } = this.#config;
    if (strategy !== "threads" || !enabled || forceSerialOnFailure || isPoolWorker()) return;
    const why = whyNoThreads();
    if (why !== undefined) throw new IsolationError('run on strategy "threads"', why);
  }
}

function withBytes({ tasks, args }: WorkShape, taskBytes: number): WorkShape {
  return workShapeOf(tasks, taskBytes, args);
}

/** Does it change what it was given, but for outputs? Those are cleared where a task runs again. */
function writesInputs({ call, kernel }: Request): boolean {
  const outputs = call === "transformShared" ? 0b10 : 0;
  return (kernel.writes & ~outputs) !== 0;
}

function durationOf(span: { readonly start: number; readonly end: number } | undefined): number {
  return span === undefined ? 0 : span.end - span.start;
}
