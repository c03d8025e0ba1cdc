/** One round as the caller's side follows it: whom it woke, who has left, and whether all tasks have ended. */
import { clearTimeout, setTimeout } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import type { MaybePromise } from "../../platform/maybe-promise.js";
import { unref } from "../../platform/runtime.js";
import type { Found } from "../../protocol/doorbell.js";
import type { ReportMessage } from "../../protocol/messages.js";
import type { Claim, Round } from "../../protocol/round.js";
import type { Job } from "../job.js";
import type { PlacedJob } from "../strategy.js";
import { claimsOf } from "../timings.js";
import { Inflow } from "./inflow.js";
import type { Lost } from "./loss-policy.js";
import { Participants } from "./participants.js";
import { type Polled, poll, stayFor } from "./poller.js";
import type { Pool } from "./pool.js";
import type { Loss, RoundListener } from "./round-listener.js";
import { endStopped, watchDeadlines } from "./task-deadlines.js";
import { addressBytes, nextRound } from "./wake-message.js";
import type { WorkerSlot } from "./worker-slot.js";

// When a short round is not over by then it gets its other workers.
const ALONE_MS = 0.2;
// The same where it is not looked at.
const LATE_MS = 1;
// A round that is over by then was worth looking at: a message would have taken as long.
const PAYS_MS = 0.15;
// How long a short round is looked at; from then on its workers send messages.
const LOOK_MS = 0.4;

export class RoundRunner implements RoundListener<WorkerSlot>, Polled {
  readonly round: Round;
  readonly woken = clock();
  metadataBytes: number;
  readonly #job: Job;
  readonly #placed: PlacedJob;
  readonly #pool: Pool;
  readonly #id = nextRound();
  readonly #crew = new Participants<WorkerSlot>();
  readonly #inflow: Inflow;
  readonly #lost: Lost[] = [];
  readonly #onEnd: (() => void)[] = [];
  /** Those lost; undefined: it is not over. */
  #outcome: readonly Lost[] | undefined;
  /** It keeps all of the call's arrays reachable, so it does not run on when all have left. */
  #late: ReturnType<typeof setTimeout> | undefined;
  #waiting: Promise<readonly Lost[]> | undefined;

  constructor(job: Job, round: Round, tasks: number, placed: PlacedJob, pool: Pool) {
    this.#job = job;
    this.round = round;
    this.#inflow = new Inflow(job, round.control);
    this.#placed = placed;
    this.#pool = pool;
    this.metadataBytes = round.descriptorBytes + 4 * round.orderLength;
    job.beginRound(round.control, tasks, round.workers);
    if (job.parts.timeout !== undefined) this.#watch(job.parts.timeout);
    const { streamBuffer } = job.parts;
    if (streamBuffer !== undefined) {
      streamBuffer.onRoom = () => {
        this.#lookForEnd();
        this.#wakeForRoom();
      };
    }
  }

  /**
   * Waits, where it has to, until all tasks of the round have ended or no worker is left to run them.
   * @returns those lost
   */
  untilEnd(): MaybePromise<readonly Lost[]> {
    if (this.#outcome !== undefined) return this.#outcome;
    if (this.#waiting === undefined) this.#job.onStop(() => endStopped(this.#crew, this.round));
    this.#waiting ??= new Promise((resolve) => {
      this.#onEnd.push(() => resolve(this.#outcome as readonly Lost[]));
    });
    return this.#waiting;
  }

  /** Workers that take part. */
  get workers(): number {
    return this.#crew.workers.length;
  }

  /** When the first worker served; not before it was woken. */
  ready(): number {
    let first = Infinity;
    for (const { readySince } of this.#crew.workers) first = Math.min(first, readySince ?? Infinity);
    return first === Infinity ? this.woken : Math.max(this.woken, first);
  }

  /** Empty where nobody traces the call. */
  claims(): Claim[] {
    if (!this.#job.parts.isTraced) return [];
    return this.#crew.workers.flatMap((slot, participant) => {
      const meter = this.round.meters[participant] as Float64Array;
      return claimsOf(slot.number, meter, this.round.log(participant));
    });
  }

  /**
   * Wakes the first of the slots, and the others should the round turn out not to be short. It is looked at where that
   * pays, as it does where that worker was awake: it has a core of its own then.
   */
  wakeOne(slots: readonly WorkerSlot[]): void {
    const first = slots[0] as WorkerSlot;
    const found = this.#wake(first);
    if (found !== "looking" && !this.#pool.looks.take()) {
      this.#stopLooking(this.woken);
      this.#late = unref(setTimeout(() => this.#wakeOthers(), LATE_MS));
      return;
    }
    const leave = this.round.leave(0);
    if (found === "looking" && stayFor(() => leave.hasLeft, this.woken)) {
      this.#pool.looks.ended(true);
      this.#left(first, this.woken);
      return;
    }
    this.#onEnd.push(() => this.#pool.looks.ended(clock() - this.woken <= PAYS_MS));
    poll(this);
  }

  wake(slots: readonly WorkerSlot[]): void {
    for (const slot of slots) this.#wake(slot);
  }

  poll(now: number): boolean {
    for (const [slot, participant] of this.#crew.present()) {
      if (this.round.leave(participant).hasLeft) this.#left(slot, now);
    }
    if (this.#crew.here === 0) return true;
    // A single worker is about to leave once all is done; then the next call finds it idle.
    if (this.workers > 1) this.#lookForEnd();
    if (now - this.woken > ALONE_MS) this.#wakeOthers();
    if (now - this.woken < LOOK_MS) return false;
    this.#stopLooking(now);
    return true;
  }

  report(slot: WorkerSlot, message: ReportMessage): void {
    this.#inflow.take(message);
    // If it has not left, nothing else may come for long: its worker may be busy with another round by now.
    if (message.left) this.#leave(slot);
    else this.#lookForEnd();
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
    else this.#lookForEnd();
  }

  hasBegun(slot: WorkerSlot): boolean {
    return this.round.hasBegun(this.#placeOf(slot));
  }

  isAt(slot: WorkerSlot): boolean {
    return this.round.at(this.#placeOf(slot)) !== undefined;
  }

  lost(slot: WorkerSlot, loss: Loss, gone: Promise<void> | undefined): void {
    const index = loss.isForeign ? undefined : this.#taskOf(this.#placeOf(slot))?.index;
    this.#lost.push({ ...loss, index });
    if (gone !== undefined && this.isAt(slot)) {
      // The system call that holds its thread may write to the round's memory to its end.
      const { lease } = this.#job.parts;
      lease.hold();
      void gone.then(() => lease.drop());
    }
    this.#leave(slot);
  }

  /** Looks, as long as the round lasts, whether a task's time is up. */
  #watch(timeout: number): void {
    const end = watchDeadlines(timeout, (overtime, now) => {
      for (const [slot, participant] of this.#crew.present()) {
        const task = this.#taskOf(participant);
        const verdict = overtime.look(participant, task?.position, now);
        if (verdict === "end") void slot.terminate();
        if (verdict !== "fail" || task === undefined) continue;
        // As if it had thrown: tasks before it go on, and its kernel learns by `aborted()` that nobody waits for it.
        this.#job.fail(task.index, undefined);
        this.round.control.lowerLimit(task.position);
      }
    });
    this.#onEnd.push(end);
    this.#job.onStop(end);
  }

  #wake(slot: WorkerSlot): Found {
    const isBack = this.#crew.workers.includes(slot);
    const participant = this.#crew.enter(slot, this.round.workers);
    // Whoever had the place before may have said so.
    this.round.leave(participant).say(0);
    const { kernel, lease, streamBuffer } = this.#job.parts;
    streamBuffer?.onWorkers(true);
    lease.hold();
    // A worker that comes back to a stream knows all; looking would take as long as there are arrays, each time.
    const placed = isBack ? { ...this.#placed, places: [] } : this.#placed;
    if (slot.knowledge.lacksKernel(kernel.id)) this.metadataBytes += addressBytes(kernel.address);
    const { round } = this;
    return slot.wake({ id: this.#id, round, participant, job: this.#job, placed }, this);
  }

  /** The round may take longer than one worker was good for. */
  #wakeOthers(): void {
    const missing = this.round.workers - this.workers;
    // Where nobody takes part any more it has ended, or another round goes on; with a job that was stopped the pool may end.
    const isPointless = this.#outcome !== undefined || this.#job.isStopped || this.round.control.finished;
    if (missing === 0 || this.#crew.here === 0 || isPointless) return;
    this.#wakeMore(missing);
  }

  #wakeMore(count: number): void {
    const others = this.#pool.acquire(this.round.workers).filter((slot) => !this.#crew.has(slot));
    this.wake(others.slice(0, count));
  }

  /** Tasks of a stream may start whose workers have left. */
  #wakeForRoom(): void {
    // After a loss all leave in time, and another round takes over what is left.
    if (this.#outcome !== undefined || this.#job.isStopped || this.#lost.length > 0) return;
    const missing = Math.min(this.round.workers - this.#crew.here, this.round.control.claimable);
    if (missing === 0) return;
    this.#wakeMore(missing);
    // The pool may have no worker, as those before died, and wait before it starts one.
    if (this.#crew.here > 0) return;
    this.#pool.untilRespawn(this.#job).then(
      () => this.#wakeForRoom(),
      () => {},
    );
  }

  #placeOf(slot: WorkerSlot): number {
    return this.#crew.workers.indexOf(slot);
  }

  /** From now on workers that leave send messages, those that are woken later too. */
  #stopLooking(now: number): void {
    for (let participant = 0; participant < this.round.workers; participant++) {
      if (this.round.leave(participant).call()) continue;
      const slot = this.#crew.workers[participant] as WorkerSlot;
      if (this.#crew.has(slot)) this.#left(slot, now);
    }
  }

  /** The slot's worker has left without a message. */
  #left(slot: WorkerSlot, now: number): void {
    slot.leave(this.#id, now);
    this.#leave(slot);
  }

  #leave(slot: WorkerSlot): void {
    const { streamBuffer, lease } = this.#job.parts;
    this.#crew.leave(slot);
    this.#lookForEnd();
    // The gate may have been raised after the worker had found it closed.
    if (streamBuffer !== undefined) this.#wakeForRoom();
    if (this.#crew.here === 0) {
      clearTimeout(this.#late);
      streamBuffer?.onWorkers(false);
    }
    lease.drop();
  }

  #lookForEnd(): void {
    if (this.#outcome !== undefined) return;
    // The order matters: a claim raises the count of posted values before it ends.
    if (this.round.control.finished && this.#inflow.isComplete) this.#endWith([]);
    else if (this.#crew.here === 0) this.#lookForLoss();
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
    for (const listener of this.#onEnd) listener();
  }

  /** The task that a worker is at and has not ended. */
  #taskOf(participant: number): { readonly position: number; readonly index: number } | undefined {
    const position = this.round.at(participant);
    if (position === undefined) return undefined;
    const index = this.round.indexAt(position);
    return this.#job.parts.block.results.isPending(index) ? { position, index } : undefined;
  }
}
