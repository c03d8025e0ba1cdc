/** Takes one pass of a call its way: plan → place → dispatch → collect. */

import type { ParallelConfig } from "../config/config.js";
import { attachPartial, MemoryLimitError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import type { Lease } from "../memory/lease.js";
import { clock } from "../platform/clock.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import type { Plan } from "../strategies/registry.js";
import type { StrategySet } from "../strategies/strategy-set.js";
import type { Reporter } from "../telemetry/reporter.js";
import type { CallRecord, Pass, PassReport, PlannedPass } from "./call-record.js";
import { failureOf } from "./failure.js";
import { JobMemory } from "./job-memory.js";
import { measure } from "./measured-time.js";
import { type Outcome, SETTLED } from "./outcome.js";
import type { Planner } from "./planner.js";
import type { Request } from "./request.js";
import { RoomQueue } from "./room-queue.js";
import { StrategyRunner } from "./strategy-runner.js";
import { busyOf } from "./totals.js";

export class PassRunner {
  readonly #config: ParallelConfig;
  readonly #arena: Arena;
  readonly #strategies: StrategySet;
  readonly #planner: Planner;
  readonly #reporter: Reporter;
  readonly #runner: StrategyRunner;
  readonly #isAlone: () => boolean;
  /** Made at first need: most programs never wait for memory. */
  #roomQueue: RoomQueue | undefined;

  /** @param isAlone whether a single call is in progress */
  constructor(
    config: ParallelConfig,
    arena: Arena,
    strategies: StrategySet,
    planner: Planner,
    reporter: Reporter,
    isAlone: () => boolean,
  ) {
    this.#config = config;
    this.#arena = arena;
    this.#strategies = strategies;
    this.#planner = planner;
    this.#reporter = reporter;
    this.#runner = new StrategyRunner(config, arena, strategies, planner, reporter);
    this.#isAlone = isAlone;
  }

  /** plan → place → dispatch → collect. */
  run(call: CallRecord, request: Request, lease: Lease): MaybePromise<Outcome> {
    const { started, table, outputs } = request;
    const pass: Pass = {
      request,
      lease,
      beganAlone: this.#isAlone(),
      plan: undefined,
      planned: started,
      memory: undefined,
      occupant: undefined,
      runs: [],
    };
    try {
      const hasMemory = table.arrays.length > 0 || outputs !== null;
      if (hasMemory && this.#arena.isTight) return this.#runLater(call, pass);
      const dispatched = this.#dispatch(call, pass);
      // A signal stops its call even in the moment after that. Somebody who wants to hear of progress has the call's promise by
      // then.
      if (dispatched !== undefined || call.isWatched) return this.#collectLater(call, pass, dispatched);
      return this.#collect(call, pass as PlannedPass);
    } catch (error) {
      const lacksRoom = error instanceof MemoryLimitError && pass.memory === undefined;
      if (lacksRoom) return this.#runLater(call, pass, error);
      throw this.#fail(call, pass, error);
    }
  }

  /**
   * The pass can't begin at once, because memory is short. @param error says that there was no room; `undefined` if nobody
   * tried
   */
  async #runLater(call: CallRecord, pass: Pass, error?: MemoryLimitError): Promise<Outcome> {
    let dispatched: Promise<void> | undefined;
    try {
      this.#roomQueue ??= new RoomQueue(this.#arena, this.#strategies, this.#planner);
      await this.#roomQueue.enter(call, pass, error, (hereBecause) => {
        dispatched = this.#dispatch(call, pass, hereBecause);
      });
    } catch (failure) {
      throw this.#fail(call, pass, failure);
    }
    return this.#collectLater(call, pass, dispatched);
  }

  /**
   * plan → place → dispatch.
   * @param hereBecause why only the calling thread may run it
   * @returns `undefined` if all has ended
   * @throws MemoryLimitError, before the pass has its memory, if there is no room at once
   */
  #dispatch(call: CallRecord, pass: Pass, hereBecause?: string): Promise<void> | undefined {
    const { request, lease } = pass;
    call.throwIfStopped();
    const plan = this.#planner.plan(request, hereBecause);
    const { strategy } = plan;
    pass.plan = plan;
    const { isTracing } = this.#reporter;
    if (isTracing) pass.planned = clock();
    if (strategy !== call.announced) {
      call.announced = strategy;
      this.#reporter.planned(call.job, call.call, plan, strategy);
      // A listener that heard of it may have stopped the call.
      call.throwIfStopped();
    }
    const memory = new JobMemory(request, this.#arena, lease, {
      placesArrays: this.#strategies.get(strategy).descriptor.placesArrays,
      streamBuffer: call.streamBuffer,
      isTraced: isTracing,
      timeout: request.options.timeout ?? this.#config.taskTimeout,
    });
    pass.memory = memory;
    request.guest?.onRun(memory.job);
    request.jobs?.onRun(memory.job, memory.job);
    call.runs(memory.job);
    const ran = this.#runner.run(call, pass as PlannedPass);
    return this.#config.verifyImmutable ? verified(ran, memory) : ran;
  }

  async #collectLater(call: CallRecord, pass: Pass, dispatched: Promise<void> | undefined): Promise<Outcome> {
    try {
      await dispatched;
      pass.memory?.job.throwIfStopped();
      return this.#collect(call, pass as PlannedPass);
    } catch (error) {
      throw this.#fail(call, pass, error);
    }
  }

  #collect(call: CallRecord, pass: PlannedPass): Outcome {
    const { request, plan, memory, runs, beganAlone } = pass;
    const { started, spec, jobs } = request;
    const results =
      jobs === undefined ? spec.tasks : jobs.settle(memory.job, failureOf(memory.job, request), busyOf(runs));
    const outcome = jobs === undefined ? memory.collect() : SETTLED;
    const ended = clock();
    // Plans must not learn from the time of a check.
    const isOrdinary =
      !this.#config.verifyImmutable && request.sourced === undefined && !this.#reporter.isMute;
    const isAlone = beganAlone && this.#isAlone() && isOrdinary;
    const { job } = memory;
    // The call may be done before it went over its state as often as it was allowed to.
    if (job.passes !== undefined) call.tasks = job.ended;
    // Plans learn nothing from a round of single jobs that was cut short.
    const measured =
      results === spec.tasks
        ? this.#planner.learn(request, plan, runs, memory.placing, { started, ended, isAlone })
        : measure(runs, memory.placing, started, ended);
    call.passed(job.passes === undefined ? results : job.ended, reportOf(pass, results, ended, measured));
    this.#close(pass, ended);
    return outcome;
  }

  /** @returns the error, with what had ended */
  #fail(call: CallRecord, pass: Pass, error: unknown): unknown {
    const { request, plan, memory, lease } = pass;
    const ended = clock();
    if (plan !== undefined)
      call.passed(0, reportOf(pass as PlannedPass, request.spec.tasks, ended, undefined));
    if (memory === undefined) {
      lease.close(ended);
    } else {
      if (request.jobs === undefined) attachPartial(error, () => memory.partial());
      else request.jobs.settle(memory.job, error);
      this.#close(pass as PlannedPass, ended);
    }
    return error;
  }

  #close({ plan, memory, occupant }: PlannedPass, ended: number): void {
    if (occupant !== undefined) this.#planner.ended(occupant);
    // Beside a call, the measurement would take the cores from workers that start.
    if (!this.#reporter.isMute) this.#planner.measureHost(plan);
    memory.close(ended);
  }
}

function reportOf(
  { request, plan, planned, memory, runs }: Pass & { readonly plan: Plan },
  tasks: number,
  ended: number,
  measured: PassReport["measured"],
): PassReport {
  const copied = request.sourced?.bytesPlaced ?? 0;
  return {
    kernel: request.kernel.name,
    plan,
    tasks,
    started: request.started,
    planned,
    ended,
    runs,
    placing: memory?.placing,
    bytesPlaced: (memory?.bytesPlaced ?? 0) + copied,
    bytesShared: plan.bytesShared - copied,
    itemBytes: request.itemBytes,
    capturedBytes: request.spec.captures?.length ?? 0,
    measured,
    taskBytes: request.workShape.taskBytes,
    isJoined: false,
  };
}

async function verified(ran: Promise<void> | undefined, memory: JobMemory): Promise<void> {
  await ran;
  await memory.verify();
}
