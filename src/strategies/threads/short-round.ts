/**
 * A round that is probably over before a message would come. One worker is woken for it, and this thread looks at shared memory
 * for its end. If the round turns out longer, it gets its other workers and its workers send messages.
 */
import { clearTimeout, setTimeout } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import type { Looks } from "../../platform/looks.js";
import { unref } from "../../platform/runtime.js";
import type { Found } from "../../protocol/doorbell.js";
import type { Round } from "../../protocol/round.js";
import type { Participants } from "./participants.js";
import { type Polled, poll, stayFor } from "./poller.js";
import type { WorkerSlot } from "./worker-slot.js";

// If a short round is not over by then, it gets its other workers.
const ALONE_MS = 0.2;
// The same if nobody looks at it.
const LATE_MS = 1;
// A round that is over by then was worth looking at: a message would have taken as long.
const PAYS_MS = 0.15;
// Rounds this close are a series. After a pause the system may wake the worker on the core of this thread, which must not look then.
const SERIES_MS = 2;
// How long a short round is looked at; from then on its workers send messages.
const LOOK_MS = 0.4;

/** The runner of a short round. */
export interface LookedAt {
  readonly round: Round;
  readonly woken: number;
  wakeSlot(slot: WorkerSlot): Found;
  /** The round may take too long for one worker. */
  wakeOthers(): void;
  /** The slot's worker has left without a message. */
  left(slot: WorkerSlot, now: number): void;
  /** All tasks may have ended. */
  lookForEnd(): void;
}

export class ShortRound implements Polled {
  readonly #runner: LookedAt;
  readonly #participants: Participants<WorkerSlot>;
  readonly #looks: Looks | undefined;
  #isLooked = false;
  #late: ReturnType<typeof setTimeout> | undefined;

  readonly #isInSeries: boolean;

  /** @param sinceLast milliseconds since the last short round began */
  constructor(
    runner: LookedAt,
    participants: Participants<WorkerSlot>,
    looks: Looks | undefined,
    sinceLast: number,
  ) {
    this.#runner = runner;
    this.#participants = participants;
    this.#looks = looks;
    this.#isInSeries = sinceLast <= SERIES_MS;
  }

  /** Wakes the worker, and looks at it if that pays. It pays if the worker was awake, because then it has a core of its own. */
  begin(first: WorkerSlot): void {
    const found = this.#runner.wakeSlot(first);
    if (found !== "looking" && !(this.#isInSeries && this.#looks?.take() === true)) {
      this.#stopLooking(this.#runner.woken);
      // The timer keeps all of the call's arrays reachable, so it ends when all workers have left.
      this.#late = unref(setTimeout(() => this.#runner.wakeOthers(), LATE_MS));
      return;
    }
    const leave = this.#runner.round.leave(0);
    if (found === "looking" && stayFor(() => leave.hasLeft, this.#runner.woken)) {
      this.#looks?.ended(true);
      this.#runner.left(first, this.#runner.woken);
      return;
    }
    this.#isLooked = true;
    poll(this);
  }

  poll(now: number): boolean {
    const participants = this.#participants;
    for (const [slot, participant] of participants.present()) {
      if (this.#runner.round.leave(participant).hasLeft) this.#runner.left(slot, now);
    }
    if (participants.here === 0) return true;
    // A single worker is about to leave once all is done. Then the next call finds it idle.
    if (participants.workers.length > 1) this.#runner.lookForEnd();
    if (now - this.#runner.woken > ALONE_MS) this.#runner.wakeOthers();
    if (now - this.#runner.woken < LOOK_MS) return false;
    this.#stopLooking(now);
    return true;
  }

  /** All tasks have ended, or no worker is left to run them. */
  ended(): void {
    if (this.#isLooked) this.#looks?.ended(clock() - this.#runner.woken <= PAYS_MS);
  }

  /** No worker takes part any more. */
  deserted(): void {
    clearTimeout(this.#late);
  }

  /** From now on workers that leave send messages, those that are woken later too. */
  #stopLooking(now: number): void {
    for (let participant = 0; participant < this.#runner.round.workers; participant++) {
      if (this.#runner.round.leave(participant).call()) continue;
      const slot = this.#participants.workers[participant] as WorkerSlot;
      if (this.#participants.has(slot)) this.#runner.left(slot, now);
    }
  }
}
