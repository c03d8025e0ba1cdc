/** Brings together what plans rest on, and learns from every run. */
import type { ParallelConfig } from "./config.js";
import { HostMeter, observe } from "./dispatch/host-meter.js";
import type { RunReport } from "./dispatch/job.js";
import type { Pool } from "./dispatch/pool.js";
import { IsolationError } from "./errors.js";
import type { Execution } from "./execution.js";
import type { Arena } from "./memory/arena.js";
import { elementBytes } from "./memory/dtypes.js";
import { PlacementHistory } from "./memory/placement-history.js";
import { sizeClass } from "./memory/region.js";
import { hintAdvice } from "./plan/advice.js";
import { longestShare, parallelWidth } from "./plan/estimate.js";
import { type HostProfile, hostProfileOf } from "./plan/host-profile.js";
import { KernelProfiles } from "./plan/kernel-profile.js";
import { DraftPlan, makePlan } from "./plan/make-plan.js";
import type { Estimate, Limits, Plan, Workload } from "./plan/plan.js";
import { isPoolWorker } from "./platform/nested.js";
import { whyNoThreads } from "./platform/runtime.js";
import { canStop } from "./platform/watchdog.js";
import type { Request } from "./request.js";

/** A call that has ended, as it was measured. */
export interface Measured {
  readonly actual: Estimate;
  /** Milliseconds until its first task started. */
  readonly wait: number;
}

// A copy this large takes long enough for its time to mean something.
const MEASURABLE_BYTES = 1024 * 1024;

const NEVER_DROPPED: Workload["droppedBefore"] = Object.freeze({ bytes: 0, times: 0 });

export class Planner {
  readonly #config: ParallelConfig;
  readonly #arena: Arena;
  readonly #pool: Pool;
  readonly #host: HostMeter;
  readonly #kernels = new KernelProfiles();
  /** By calls with a hint, whose costs are per byte of the hint. */
  readonly #hinted = new KernelProfiles();
  readonly #placements = new PlacementHistory();
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

  /** The same for users to read. */
  explain(request: Request): Plan {
    const { workload, limits } = this.#groundsOf(request);
    return makePlan(workload, limits, this.#host.profile);
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
    let first: number | undefined;
    let computed = 0;
    for (const { computing } of runs) {
      if (computing === undefined) continue;
      first ??= computing.start;
      computed += computing.end - computing.start;
    }
    const start = first ?? ended;
    // This thread may hear late that a worker serves, which has begun by then.
    const ready = Math.min(last.ready, last.computing?.start ?? last.ready);
    const spawn = Math.max(0, ready - last.woken);
    const place = placing === undefined ? 0 : placing.end - placing.start;
    const results = Math.max(0, ended - (last.computing?.end ?? ended));
    const total = ended - started;
    const compute = Math.max(0, Math.min(computed, total - spawn - place - results));
    // What is left is spent on preparing the call, waking workers and waiting for their first task.
    const dispatch = Math.max(0, total - spawn - place - compute - results);
    // Only a call that ran alone, as planned and on workers that were up, shows what its parts cost by themselves.
    const isPlanned = runs.length === 1 && runs[0]?.strategy === plan.strategy;
    // A stream may have waited for its loop in between.
    const isPlain = isAlone && isPlanned && spawn === 0 && request.call !== "streamShared";
    this.#lastEnded = ended;
    const width = parallelWidth(last.workers, plan.host);
    for (const run of runs) {
      const { strategy, ran, left } = run;
      const learned = {
        strategy,
        bytes: ran * request.taskBytes,
        tasks: ran,
        // By the clock, so that threads that begin or end late count.
        busy: isPlain && ran > 0 ? durationOf(run.computing) / longestShare(ran, width) : run.busy,
        results: isAlone && left === 0 ? results : undefined,
        dispatch: isPlain ? dispatch : undefined,
      };
      this.#kernels.learn(request.profileKey, learned);
      if (plan.taskSizeHintBytes !== 0) {
        this.#hinted.learn(request.profileKey, { ...learned, bytes: ran * plan.taskBytes });
      }
    }
    if (placing !== undefined) this.#placements.note(request.placement);
    if (isAlone) {
      const isRecycled = placing?.isRecycled ?? false;
      this.#observe(request, plan, runs, { spawn, dispatch, place, isRecycled });
    }
    return {
      actual: { spawn, place, dispatch, compute, results, total },
      wait: start - started,
    };
  }

  /** The pool of `workers` workers took `spawn` milliseconds to start, with nothing beside it. */
  observeStart(spawn: number, workers: number): void {
    observe("spawn", Math.max(0, spawn - (workers - 1) * this.host.spawnPerWorker));
  }

  /** What is to be said of the hint, now that the call has run; undefined: nothing. */
  hintAdvice({ taskBytes }: Request, plan: Plan, busy: number): string | undefined {
    const { kernel, host, tasks } = plan;
    const predicted =
      kernel === undefined
        ? tasks * (host.perTask + plan.taskBytes * host.computePerByte)
        : tasks * Math.max(1, plan.taskBytes) * kernel.perByte.threads;
    return hintAdvice(plan.taskSizeHintBytes, taskBytes, predicted, busy);
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
    const { call, started, kernel, spec, instances, taskBytes, placement, profileKey, options } = request;
    const config = this.#config;
    const hint = options.taskSizeHintBytes ?? config.taskSizeHintBytes;
    const strategy = options.strategy ?? config.strategy;
    this.assertPossible(strategy);
    return {
      workload: {
        call,
        tasks: spec.tasks,
        instances,
        taskBytes: hint === 0 ? taskBytes : hint,
        hint,
        bytesShared: placement.bytesShared,
        bytesToPlace: placement.bytesPlaced,
        placedBefore: this.#placements.of(placement),
        droppedBefore: this.#droppedBefore(request),
        kernel:
          (hint === 0 ? undefined : this.#hinted.costOf(profileKey)) ?? this.#kernels.costOf(profileKey),
        canGiveUp: !kernel.stateful && !writesInputs(request),
      },
      limits: {
        strategy,
        maxWorkers: config.maxWorkers,
        liveWorkers: this.#pool.serving,
        respawnWait: this.#pool.respawnWait,
        canInterrupt: strategy !== "auto" || canStop(),
        recycles: this.#arena.recycles(placement.bytesNeeded),
        keepsRegions: started - this.#lastEnded < config.idleTimeout,
        sequentialBecause,
        minBatchSize: config.minBatchSize,
        minInstancesForParallel: config.minInstancesForParallel,
        tinyWorkloadThreshold: config.tinyWorkloadThreshold,
      },
    };
  }

  #observe(
    { placement }: Request,
    plan: Plan,
    runs: readonly RunReport[],
    {
      spawn,
      dispatch,
      place,
      isRecycled,
    }: {
      spawn: number;
      dispatch: number;
      place: number;
      isRecycled: boolean;
    },
  ): void {
    const { strategy } = runs[0] as RunReport;
    // A pool that starts beside a running call takes longer than one that has the machine for itself, and what was
    // lost on one that did not start is not the other strategy's.
    if (runs.length > 1 || strategy !== plan.strategy) return;
    if (strategy === "sequential") {
      observe("dispatchSequential", dispatch);
      return;
    }
    if (spawn > 0) observe("spawn", spawn);
    else observe(plan.kernel?.isOnWorkers === true ? "dispatchHot" : "dispatchCold", dispatch);
    if (placement.bytesPlaced >= MEASURABLE_BYTES) {
      observe(isRecycled ? "placePerByteRecycled" : "placePerByteFresh", place / placement.bytesPlaced);
    }
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

/** Does it change what it was given, but for outputs? Those are cleared where a task runs again. */
function writesInputs({ call, kernel }: Request): boolean {
  const outputs = call === "transformShared" ? 0b10 : 0;
  return (kernel.writes & ~outputs) !== 0;
}

function durationOf(span: { readonly start: number; readonly end: number } | undefined): number {
  return span === undefined ? 0 : span.end - span.start;
}
