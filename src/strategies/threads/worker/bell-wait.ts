/**
 * A worker that has left its rounds waits for the next one at its doorbell for a while: that answers sooner than its event loop.
 * Meanwhile it takes no messages and fires no timers, so the wait is cut into short ones, with turns of the event loop.
 */
import { clock } from "../../../platform/clock.js";
import { Looks } from "../../../platform/looks.js";
import { MOST_WITHOUT_TURN_MS } from "../../../platform/time-slice.js";
import { Doorbell } from "../../../protocol/doorbell.js";
import type { WorkerMessage, WorkerSetup } from "../../../protocol/messages.js";

// After this long the event loop has a turn.
const PARK_MS = 1;
// The same if nothing can be waiting for one. A bell wakes the thread in a third of the time that a message takes.
const REST_MS = 1000;
// Looking at the bell saves the time to wake a thread, 5-100 µs. A caller that goes on at once rings within that.
const LOOK_MS = 0.1;
// A worker that waited longer for its last round does not look. The look would be in vain, and may keep the core from the
// calling thread.
const QUICK_MS = 0.15;
// How long after its last round a worker parks: twice as long each time that it was worth it, half as long if not.
const LEAST_PATIENCE_MS = 1;
const MOST_PATIENCE_MS = 16;

/** What the wait asks of its worker. */
export interface Waiting {
  /** Whether a round is there to be run. */
  readonly hasWork: boolean;
  /** Whether a round is being joined, which takes turns of the event loop. */
  readonly isJoining: boolean;
  /** Milliseconds since the last turn of the event loop. Kernels may have timers, and messages of their own. */
  readonly sinceTurn: number;
  /** Whether no kernel can have left anything behind that waits for a turn. */
  readonly leavesNothing: boolean;
  /** Puts back what kernels have changed of JavaScript. */
  mend(): void;
  /** The next message, without a turn of the event loop; `undefined` if there is none. */
  takeMessage(): WorkerMessage | undefined;
  /** @returns `undefined` if the round could be joined at once */
  enter(message: WorkerMessage): Promise<void> | undefined;
  turn(): Promise<void>;
}

const NONE: readonly never[] = [];

export class BellWait {
  readonly #bell: Doorbell;
  readonly #looks: Looks | undefined;
  readonly #worker: Waiting;
  readonly #hasInitializer: boolean;
  #patience = LEAST_PATIENCE_MS;
  /** Whether the last round came soon after the one before. */
  #wasQuick = false;

  constructor({ bell, spins, initializer }: WorkerSetup, worker: Waiting) {
    this.#bell = new Doorbell(bell);
    this.#hasInitializer = initializer !== null;
    this.#looks = spins ? new Looks() : undefined;
    this.#worker = worker;
  }

  /**
   * Waits for the next round.
   * @param wasAlone the worker ran all tasks of the last round: as a rule it gets the next one, too
   * @returns `undefined` if one came at once. A promise would take 0.3 µs more
   */
  wait(wasAlone: boolean): Promise<void> | undefined {
    const worker = this.#worker;
    if (worker.isJoining) return undefined;
    const began = clock();
    // This comes before the wait. After it, the calling thread waits for the round that came.
    if (this.#isTurnDue) return this.#stay(began, NONE);
    const entering = this.#park(wasAlone && this.#wasQuick);
    this.#wasQuick = clock() - began <= QUICK_MS;
    if (entering.length > 0 || !worker.hasWork) return this.#stay(began, entering);
    this.#worthIt();
    return undefined;
  }

  /** @param began when the worker began to wait */
  async #stay(began: number, entering: readonly Promise<void>[]): Promise<void> {
    const worker = this.#worker;
    for (let joining = entering; ; joining = this.#park(false)) {
      if (joining.length > 0) await Promise.all(joining);
      if (!worker.hasWork) await worker.turn();
      if (worker.hasWork) {
        this.#worthIt();
        return;
      }
      const patience = this.#mayRest ? REST_MS : this.#patience;
      if (worker.isJoining || this.#bell.isDismissed || clock() - began >= patience) break;
    }
    this.#patience = Math.max(LEAST_PATIENCE_MS, this.#patience / 2);
  }

  get #isTurnDue(): boolean {
    return this.#worker.sinceTurn > MOST_WITHOUT_TURN_MS;
  }

  /** Whether nothing waits for a turn of the event loop. */
  get #mayRest(): boolean {
    return !this.#hasInitializer && this.#worker.leavesNothing;
  }

  #worthIt(): void {
    this.#patience = Math.min(MOST_PATIENCE_MS, 2 * this.#patience);
  }

  /** Parks once. @returns the rounds that can't be joined at once, all together */
  #park(mayLook: boolean): Promise<void>[] {
    const worker = this.#worker;
    worker.mend();
    const messages: WorkerMessage[] = [];
    const takeMessages = (): boolean => {
      for (let taken = worker.takeMessage(); taken !== undefined; taken = worker.takeMessage())
        messages.push(taken);
      return messages.length > 0;
    };
    const looks = mayLook && this.#looks?.take() === true;
    const mail = this.#bell.park(takeMessages, looks ? LOOK_MS : 0, this.#mayRest ? REST_MS : PARK_MS);
    if (looks) this.#looks?.ended(this.#bell.rangAtOnce);
    if (mail !== undefined) messages.push(mail);
    // All at once. If one waited until the kernel of another is loaded, later ones would come before it, and miss what it
    // brings.
    const entering: Promise<void>[] = [];
    for (const message of messages) {
      const joining = worker.enter(message);
      if (joining !== undefined) entering.push(joining);
    }
    return entering;
  }
}
