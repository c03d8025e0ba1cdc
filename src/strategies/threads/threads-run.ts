/** One run of a job on the pool. It has one round, and further ones for what lost workers left unfinished. */

import { placeOf, WorkerLostError } from "../../errors.js";
import type { Arena } from "../../memory/arena.js";
import { clock } from "../../platform/clock.js";
import { isPromise, type MaybePromise } from "../../platform/maybe-promise.js";
import { isError } from "../../platform/realms.js";
import { type Descriptor, packPlaces } from "../../protocol/descriptor.js";
import { taskRange } from "../../protocol/job-spec.js";
import { openRound, type Round } from "../../protocol/round.js";
import type { Job } from "../job.js";
import type { PlacedJob, RunReport } from "../strategy.js";
import { computingTime, LOG_CAPACITY } from "../timings.js";
import { LossPolicy, type Lost } from "./loss-policy.js";
import type { Pool } from "./pool.js";
import { RoundRunner } from "./round-runner.js";
import type { WorkerSlot } from "./worker-slot.js";

// A round this short is over before a message would have come, and before a second worker would have woken up.
const SHORT_MS = 0.1;

export class ThreadsRun {
  readonly #pool: Pool;
  readonly #arena: Arena;
  readonly #placed: PlacedJob;
  readonly #maxRetries: number;
  readonly #isShort: boolean;

  /** @param expected milliseconds of computing; `undefined` if nobody knows */
  constructor(pool: Pool, arena: Arena, placed: PlacedJob, maxRetries: number, expected: number | undefined) {
    this.#pool = pool;
    this.#arena = arena;
    this.#placed = placed;
    this.#maxRetries = maxRetries;
    this.#isShort = expected !== undefined && expected <= SHORT_MS;
  }

  /** @param most threads that may take part */
  run(job: Job, most: number): MaybePromise<RunReport> {
    const { spec } = job.parts;
    const workers = spec.single === true ? 1 : most;
    const order = job.unfinished();
    const left = job.tasksIn(order);
    // The job was stopped while its arrays were being placed, or nothing is left. No worker is woken for it.
    if (job.isStopped || left === 0) return reportOf(this.#pool.strategy, [], 0, left);
    const inherited = this.#pool.size;
    const slots = this.#pool.acquire(Math.min(workers, left));
    if (slots.length === 0) return this.#runRounds(job, workers, inherited, order, undefined);
    const first = this.#begin(job, slots, order, left);
    const lost = first.untilEnd();
    if (isPromise(lost) || lost.length > 0) return this.#runRounds(job, workers, inherited, order, first);
    this.#pool.progressed();
    return reportOf(this.#pool.strategy, [first], 0, ranIn(job, [first], left));
  }

  /**
   * @param inherited workers that were there before
   * @param runner of the first round, if it has begun
   */
  async #runRounds(
    job: Job,
    workers: number,
    inherited: number,
    order: Uint32Array | undefined,
    runner: RoundRunner | undefined,
  ): Promise<RunReport> {
    const tasks = job.tasksIn(order);
    const lossPolicy = new LossPolicy(this.#maxRetries, inherited);
    const runners: RoundRunner[] = [];
    let retries = 0;
    for (let left = order; !job.isStopped && left?.length !== 0; runner = undefined) {
      const count = job.tasksIn(left);
      const current = runner ?? (await this.#beginLater(job, workers, left, count));
      runners.push(current);
      const lost = await current.untilEnd();
      if (job.isStopped) break;
      if (lost.length === 0) {
        this.#pool.progressed();
        break;
      }
      const { givenUp } = lossPolicy;
      // One worker has all of them.
      if (job.singles !== undefined) job.singles.interrupted = lost[0]?.interrupted;
      if (job.runsOnce) {
        for (const each of lost)
          if (each.interrupted !== undefined) lossPolicy.giveUp([each.interrupted], each);
        lossPolicy.giveUp(job.unsent, lost[0] as Lost);
      }
      const pass = job.passes?.firstPass;
      const rest = job.unfinished(givenUp) as Uint32Array;
      // Tasks that were to blame in an earlier pass have ended since.
      if (job.passes?.firstPass !== pass) lossPolicy.absolve();
      const hasProgressed = job.tasksIn(rest) < count;
      if (hasProgressed) this.#pool.progressed();
      const last = lossPolicy.note(lost, hasProgressed);
      if (last !== undefined) throw lostError(job, lossPolicy, last);
      // A pass without all of its tasks never ends, and no other may follow it.
      if (job.passes !== undefined && givenUp.size > 0) break;
      // The rest of the single jobs goes on elsewhere.
      if (job.parts.spec.single === true && givenUp.size > 0) break;
      left = rest.filter((index) => !givenUp.has(index));
      if (lost.some(({ isForeign }) => !isForeign)) retries += 1;
    }
    const { first } = lossPolicy;
    // A kernel's own error is told if it comes first.
    if (first !== undefined && !job.isStopped && !hasFailedBefore(job, first)) {
      throw lostError(job, lossPolicy, first);
    }
    return reportOf(this.#pool.strategy, runners, retries, ranIn(job, runners, tasks));
  }

  async #beginLater(
    job: Job,
    workers: number,
    order: Uint32Array | undefined,
    left: number,
  ): Promise<RoundRunner> {
    const width = Math.min(workers, left);
    const idle = this.#pool.acquire(width);
    return this.#begin(job, idle.length > 0 ? idle : await this.#pool.acquireLater(width, job), order, left);
  }

  #begin(job: Job, slots: readonly WorkerSlot[], order: Uint32Array | undefined, left: number): RoundRunner {
    // At a gate workers come and go, which takes messages.
    const isShort = this.#isShort && (job.parts.streamBuffer?.hasRoomFor(left, slots.length) ?? true);
    const round = this.#openRound(job, slots.length, order, isShort);
    const runner = new RoundRunner(job, round, left, this.#placed, this.#pool);
    if (isShort) runner.wakeOne(slots);
    else for (const slot of slots) runner.wakeSlot(slot);
    return runner;
  }

  #openRound(job: Job, workers: number, order: Uint32Array | undefined, isShort: boolean): Round {
    const { spec, kernel, packing, streamBuffer, lease, isTraced } = job.parts;
    const descriptor: Descriptor = {
      spec: job.specFor(order),
      kernel: kernel.id,
      block: this.#placed.block.memory,
      packing,
      tasks: job.tasksIn(order),
      stream: streamBuffer !== undefined,
      slots: streamBuffer === undefined && this.#pool.optimizations.slots,
      // When a claim of single jobs ends, all before it have ended.
      grows: this.#pool.optimizations.grain && spec.single !== true,
      logged: isTraced ? LOG_CAPACITY : 0,
      places: packPlaces(this.#placed.places),
    };
    const round = openRound(this.#arena, descriptor, workers, order, isShort);
    lease.add(round.region);
    return round;
  }
}

/** The tasks that ran. Some of several passes may not have been needed. @param tasks those that were left */
function ranIn(job: Job, runners: readonly RoundRunner[], tasks: number): number {
  if (job.passes === undefined) return tasks;
  return runners.reduce((sum, { round }) => sum + round.control.ended, 0);
}

function reportOf(
  strategy: string,
  runners: readonly RoundRunner[],
  retries: number,
  ran: number,
): RunReport {
  let workers = 0;
  let busy = 0;
  let sending = 0;
  let metadataBytes = 0;
  for (const runner of runners) {
    workers = Math.max(workers, runner.workers);
    busy += runner.round.busy();
    sending += runner.round.sending();
    metadataBytes += runner.metadataBytes;
  }
  const [first] = runners;
  const woken = first?.woken ?? clock();
  const ready = first?.ready() ?? woken;
  const computing = computingTime(runners.map(({ round }) => round));
  const claims = runners.flatMap((runner) => runner.claims());
  return {
    strategy,
    workers,
    busy,
    sending,
    metadataBytes,
    retries,
    ran,
    left: 0,
    woken,
    ready,
    computing,
    claims,
  };
}

function hasFailedBefore({ failure }: Job, { index }: Lost): boolean {
  return failure !== undefined && failure.index < (index as number);
}

/** @param last what ended the run; told if no task was given up */
function lostError(job: Job, lossPolicy: LossPolicy, last: Lost): WorkerLostError {
  const { exitCode, signal, error, index } = lossPolicy.first ?? last;
  const reason = isError(error) ? `: ${error.message}` : "";
  const code = `${signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`}${reason}`;
  if (exitCode === undefined) return new WorkerLostError(`Cannot start a worker${reason}`, exitCode, error);
  if (lossPolicy.first === undefined || index === undefined) {
    const message = `Cannot finish the call as workers end before they end any of its tasks (${code})`;
    return new WorkerLostError(message, exitCode, error, undefined, signal);
  }
  const { spec, sizes } = job.parts;
  const [start, end] = taskRange(spec, sizes, index);
  const named = spec.single === true ? 0 : index;
  const why = job.runsOnce
    ? 'was interrupted as its worker ended (CODE): it writes to arrays of the caller\'s, so it does not run again without "idempotent"'
    : 'ended its worker each time that it ran (CODE); what "maxRetries" allows is used up';
  const pass = job.passes?.passOf(index);
  const task = named + (job.parts.spec.earlier ?? 0);
  const message = `Task ${placeOf(task, start, end, pass)} ${why.replace("CODE", code)}`;
  return new WorkerLostError(message, exitCode, error, { index: task, start, end, pass }, signal);
}
