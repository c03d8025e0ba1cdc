/** One round as the calling thread follows it: which workers it woke, which have left, and whether all tasks have ended. */
import { clock } from "../../platform/clock.js";
import type { MaybePromise } from "../../platform/maybe-promise.js";
import type { Found } from "../../protocol/doorbell.js";
import type { ReportMessage } from "../../protocol/messages.js";
import type { Claim, Round } from "../../protocol/round.js";
import type { Job } from "../job.js";
import type { PlacedJob } from "../strategy.js";
import { claimsOf } from "../timings.js";
import { Inflow } from "./inflow.js";
import type { Lost } from "./loss-policy.js";
import { Participants } from "./participants.js";
import type { Pool } from "./pool.js";
import type { Loss, RoundListener } from "./round-listener.js";
import { type LookedAt, ShortRound } from "./short-round.js";
import { endStopped, enforceDeadlines, taskAt } from "./task-deadlines.js";
import { addressBytes, nextRound } from "./wake-message.js";
import type { WorkerSlot } from "./worker-slot.js";

export class RoundRunner implements RoundListener<WorkerSlot>, LookedAt {
  readonly round: Round;
  readonly woken = clock();
  metadataBytes: number;
  readonly #job: Job;
  readonly #placed: PlacedJob;
  readonly #pool: Pool;
  readonly #id = nextRound();
  readonly #participants = new Participants<WorkerSlot>();
  readonly #inflow: Inflow;
  readonly #lost: Lost[] = [];
  readonly #onEnd: (() => void)[] = [];
  /** The lost workers; `undefined` if the round is not over. */
  #outcome: readonly Lost[] | undefined;
  /** `undefined` if it is not known to be short. */
  #short: ShortRound | undefined;
  #waiting: Promise<readonly Lost[]> | undefined;

  constructor(job: Job, round: Round, tasks: number, placed: PlacedJob, pool: Pool) {
    this.#job = job;
    this.round = round;
    this.#inflow = new Inflow(job, round.control);
    this.#placed = placed;
    this.#pool = pool;
    this.metadataBytes = round.descriptorBytes + 4 * round.orderLength;
    job.beginRound(round.control, tasks, round.workers);
    const { timeout } = job.parts;
    if (timeout !== undefined) this.#onEnd.push(enforceDeadlines(timeout, job, round, this.#participants));
    const { streamBuffer } = job.parts;
    if (streamBuffer !== undefined) {
      streamBuffer.onRoom = () => {
        this.lookForEnd();
        this.#wakeForRoom();
      };
    }
  }

  /**
   * Waits, if it has to, until all tasks of the round have ended or no worker is left to run them.
   * @returns the lost workers
   */
  untilEnd(): MaybePromise<readonly Lost[]> {
    if (this.#outcome !== undefined) return this.#outcome;
    if (this.#waiting === undefined) this.#job.onStop(() => endStopped(this.#participants, this.round));
    this.#waiting ??= new Promise((resolve) => {
      this.#onEnd.push(() => resolve(this.#outcome as readonly Lost[]));
    });
    return this.#waiting;
  }

  /** Workers that take part. */
  get workers(): number {
    return this.#participants.workers.length;
  }

  /** When the first worker served; not before it was woken. */
  ready(): number {
    let first = Infinity;
    for (const { readySince } of this.#participants.workers) first = Math.min(first, readySince ?? Infinity);
    return first === Infinity ? this.woken : Math.max(this.woken, first);
  }

  /** Empty if nobody traces the call. */
  claims(): Claim[] {
    if (!this.#job.parts.isTraced) return [];
    return this.#participants.workers.flatMap((slot, i) =>
      claimsOf(slot.number, this.round.meters[i] as Float64Array, this.round.log(i)),
    );
  }

  /** Wakes the first of the slots. Wakes the others later if the round is not short. */
  wakeOne(slots: readonly WorkerSlot[]): void {
    const sinceLast = this.woken - this.#pool.lastShort;
    this.#pool.lastShort = this.woken;
    this.#short = new ShortRound(this, this.#participants, this.#pool.looks, sinceLast);
    this.#short.begin(slots[0] as WorkerSlot);
  }

  report(slot: WorkerSlot, message: ReportMessage): void {
    this.#inflow.take(message);
    // If it has not left, nothing else may come for long, because its worker may be busy with another round by now.
    if (message.left) this.#leave(slot);
    else this.lookForEnd();
  }

  whenEnded(work: () => void): void {
    if (this.#outcome === undefined) this.#onEnd.push(work);
    else work();
  }

  hasSaidLeft(slot: WorkerSlot, heard: number): boolean {
    return this.round.leave(this.#placeOf(slot)).wasSaidBy(heard);
  }

  unread(slot: WorkerSlot, reason: unknown, isOwn: boolean, left: boolean): void {
    const isBroken = left && this.round.leave(this.#placeOf(slot)).isBroken;
    this.#inflow.lose(reason, isOwn, isBroken);
    if (left) this.#leave(slot);
    else this.lookForEnd();
  }

  hasBegun(slot: WorkerSlot): boolean {
    return this.round.hasBegun(this.#placeOf(slot));
  }

  isAt(slot: WorkerSlot): boolean {
    return this.round.at(this.#placeOf(slot)) !== undefined;
  }

  lost(slot: WorkerSlot, loss: Loss, gone: Promise<void> | undefined): void {
    const interrupted = taskAt(this.#job, this.round, this.#placeOf(slot))?.index;
    this.#lost.push({ ...loss, index: loss.isForeign ? undefined : interrupted, interrupted });
    // Its pass can't end in this round. The others would wait for that.
    if (this.#job.passes !== undefined) this.round.control.cutAtGate();
    if (gone !== undefined && this.isAt(slot)) {
      // The system call that holds its thread may write to the round's memory to its end.
      const { lease } = this.#job.parts;
      lease.hold();
      void gone.then(() => lease.drop());
    }
    this.#leave(slot);
  }

  /** Wakes a worker for the round. @returns how it was found */
  wakeSlot(slot: WorkerSlot): Found {
    const isBack = this.#participants.workers.includes(slot);
    const participant = this.#participants.enter(slot, this.round.workers);
    // The worker that had the place before may have said that it left.
    this.round.leave(participant).say(0);
    const { kernel, lease, streamBuffer } = this.#job.parts;
    streamBuffer?.onWorkers(true);
    lease.hold();
    // A worker that comes back to a stream knows all arrays. A look at each of them would take its time on every return.
    const placed = isBack ? { ...this.#placed, places: [] } : this.#placed;
    if (slot.knowledge.lacksKernel(kernel.id)) this.metadataBytes += addressBytes(kernel.address);
    const { round } = this;
    return slot.wake({ id: this.#id, round, participant, job: this.#job, placed }, this);
  }

  wakeOthers(): void {
    const missing = this.round.workers - this.workers;
    // If no worker takes part any more, the round has ended or another one goes on. With a stopped job the pool may end.
    const isPointless = this.#outcome !== undefined || this.#job.isStopped || this.round.control.finished;
    if (missing === 0 || this.#participants.here === 0 || isPointless) return;
    this.#wakeMore(missing);
  }

  #wakeMore(count: number): void {
    const others = this.#pool.acquire(this.round.workers).filter((slot) => !this.#participants.has(slot));
    for (const slot of others.slice(0, count)) this.wakeSlot(slot);
  }

  /** Tasks of a stream may start again, and their workers have left. */
  #wakeForRoom(): void {
    // After a loss all workers leave in time, and another round takes over what is left.
    if (this.#outcome !== undefined || this.#job.isStopped || this.#lost.length > 0) return;
    const missing = Math.min(this.round.workers - this.#participants.here, this.round.control.claimable);
    if (missing === 0) return;
    this.#wakeMore(missing);
    // The pool may have no worker, because those before died. Then it waits before it starts one.
    if (this.#participants.here > 0) return;
    this.#pool.untilRespawn(this.#job).then(
      () => this.#wakeForRoom(),
      () => {},
    );
  }

  #placeOf(slot: WorkerSlot): number {
    return this.#participants.workers.indexOf(slot);
  }

  /** The slot's worker has left without a message. */
  left(slot: WorkerSlot, now: number): void {
    slot.leave(this.#id, now);
    this.#leave(slot);
  }

  #leave(slot: WorkerSlot): void {
    const { streamBuffer, lease } = this.#job.parts;
    this.#participants.leave(slot);
    this.lookForEnd();
    // The gate may have been raised after the worker had found it closed.
    if (streamBuffer !== undefined) this.#wakeForRoom();
    if (this.#participants.here === 0) {
      this.#short?.deserted();
      streamBuffer?.onWorkers(false);
    }
    lease.drop();
  }

  lookForEnd(): void {
    if (this.#outcome !== undefined) return;
    // The order matters: a claim raises the count of posted values before it ends. After a loss passes may be left.
    if (this.round.control.finished && this.#inflow.isComplete)
      this.#endWith(this.#job.passes === undefined ? [] : this.#lost);
    else if (this.#participants.here === 0) this.#lookForLoss();
  }

  /** All have left or are lost, so nothing is on its way any more. */
  #lookForLoss(): void {
    // What a lost worker had not sent runs again, and with it what could not be read.
    const hasFailed = this.#lost.length === 0 && this.#inflow.failMissing();
    this.#lost.push(...this.#inflow.leftOut);
    // At a closed gate nobody takes part, and the round goes on when it is raised.
    if (this.#lost.length > 0 || hasFailed || this.round.control.exhausted) this.#endWith(this.#lost);
  }

  #endWith(lost: readonly Lost[]): void {
    this.#outcome = lost;
    this.#job.parts.streamBuffer?.endRound();
    this.#short?.ended();
    for (const listener of this.#onEnd) listener();
  }
}
