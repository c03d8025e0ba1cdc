/** A worker's side of the pool: takes part in rounds, one slice of time after the other. */

import { loaderOf } from "../../../kernel/registry.js";
import { clock } from "../../../platform/clock.js";
import { Looks } from "../../../platform/looks.js";
import { nextTurn } from "../../../platform/runtime.js";
import { MOST_WITHOUT_TURN_MS, SLICE_MS } from "../../../platform/time-slice.js";
import { unpackPlaces } from "../../../protocol/descriptor.js";
import { Doorbell } from "../../../protocol/doorbell.js";
import type {
  CollectedReport,
  ReportMessage,
  StartReport,
  WakeMessage,
  WorkerMessage,
  WorkerSetup,
} from "../../../protocol/messages.js";
import { leaveAt, readRound } from "../../../protocol/round.js";
import { packThrown } from "../../../protocol/thrown.js";
import type { TaskLoop } from "../../../tasks/task-loop.js";
import { JoinedRound } from "./joined-round.js";
import { type Port, ReportPort } from "./report-port.js";
import { assertIntact } from "./self-check.js";
import { WorkerKernels } from "./worker-kernels.js";
import { WorkerMemory } from "./worker-memory.js";

// A parked worker takes no messages and fires no timers, so after this long the event loop has a turn.
const PARK_MS = 1;
// Looking at the bell saves the time to wake a thread, 5-100 µs. A caller that goes on at once rings within that.
const LOOK_MS = 0.1;
// How long after its last round a worker parks: twice as long each time that it was worth it, half as long where not.
const LEAST_PATIENCE_MS = 1;
const MOST_PATIENCE_MS = 16;

// What is there after that, a kernel has kept.
const COLLECT_TRIES = 3;

export class WorkerServer {
  readonly #port: ReportPort;
  /** Rejects when the initializer throws; then the pool ends this worker. */
  readonly #initialized: Promise<void>;
  readonly #memory = new WorkerMemory();
  readonly #kernels = new WorkerKernels();
  readonly #queue: JoinedRound[] = [];
  /** Rounds that were left at a closed gate and may be joined again, by their memory: it holds one at a time. */
  readonly #shut = new Map<number, JoinedRound>();
  /** The last part in a round in that memory, where the next one may be the same. */
  readonly #standing = new Map<number, JoinedRound>();
  readonly #bell: Doorbell;
  readonly #looks: Looks | undefined;
  readonly #parks: boolean;
  readonly #takeMessage: () => WorkerMessage | undefined;
  /** Rounds that are being joined. */
  #joining = 0;
  #running = false;
  /** Did it run all tasks of the last round? */
  #wasAlone = false;
  #lastTurn = 0;
  #patience = LEAST_PATIENCE_MS;

  /**
   * Reports as soon as the initializer has ended.
   * @param takeMessage takes the next message from the port at once, where there is one
   */
  constructor(port: Port, setup: WorkerSetup, takeMessage: () => WorkerMessage | undefined) {
    this.#port = new ReportPort(port);
    this.#bell = new Doorbell(setup.bell);
    this.#looks = setup.spins ? new Looks() : undefined;
    this.#parks = setup.parks;
    this.#takeMessage = takeMessage;
    this.#initialized = initialize(setup);
    const report = (broken: StartReport["broken"]): void => {
      const started: StartReport = { round: null, broken };
      this.#port.post(started);
    };
    this.#initialized.then(
      () => report(null),
      (thrown: unknown) => report(packThrown(thrown)),
    );
  }

  /** Joins a round and runs its tasks; answers with reports, and says at last that it left. */
  async receive(message: WorkerMessage): Promise<void> {
    await this.#enter(message);
    if (!this.#running) await this.#serve();
  }

  /** @returns undefined where the round could be joined at once */
  #enter(wake: WorkerMessage): Promise<void> | undefined {
    this.#kernels.mend();
    // In this order: memory that the pool lets go may come back by way of the user.
    if (wake.forget !== null) {
      this.#memory.forget(wake.forget);
      // Any of these rounds may be over by now, and hold on to what is to be let go.
      this.#shut.clear();
      this.#standing.clear();
    }
    if (wake.round === null) return this.#collect();
    if (wake.forgetKernels !== null) this.#kernels.forget(wake.forgetKernels);
    for (const [id, handle] of wake.handles ?? []) this.#memory.add(id, handle);
    const known = this.#known(wake);
    if (known === undefined) return this.#enterLater(wake);
    this.#queue.push(known);
    return undefined;
  }

  /** Not at once, and again if need be: what was just used is no garbage before the functions that used it have returned. */
  async #collect(): Promise<void> {
    const gone: number[] = [];
    for (let tries = 0; tries < COLLECT_TRIES && this.#memory.hasGarbage; tries += 1) {
      await nextTurn();
      gone.push(...this.#memory.collect());
    }
    const collected: CollectedReport = { round: null, gone };
    this.#port.post(collected);
  }

  /** The part in that round which this worker has read before. */
  #known(wake: WakeMessage): JoinedRound | undefined {
    const shut = this.#shut.get(wake.memory);
    this.#shut.delete(wake.memory);
    // Reading it anew would take as long as there are arrays.
    if (shut?.wake.round === wake.round && shut.isFor(wake)) return shut;
    const standing = this.#standing.get(wake.memory);
    if (standing?.isFor(wake) !== true) return undefined;
    standing.repeat(wake);
    return standing;
  }

  async #enterLater(wake: WakeMessage): Promise<void> {
    this.#joining += 1;
    try {
      await this.#initialized;
    } catch {
      // The pool ends this worker and hears why; its rounds learn that it is lost.
      this.#joining -= 1;
      return;
    }
    try {
      const joined = await this.#join(wake);
      if (joined.isRepeatable) this.#standing.set(wake.memory, joined);
      this.#queue.push(joined);
    } catch (thrown) {
      assertIntact();
      const broken = packThrown(thrown);
      const report: ReportMessage = { round: wake.round, values: [], failures: [], left: true, broken };
      leaveAt(this.#memory.get(wake.memory), wake.participant).sayBroken(this.#port.next);
      this.#port.post(report);
    } finally {
      this.#joining -= 1;
      if (this.#joining === 0) this.#kernels.forgetOutdated();
    }
  }

  async #join(wake: WakeMessage): Promise<JoinedRound> {
    this.#kernels.mendAll();
    const memory = (id: number): SharedArrayBuffer => this.#memory.get(id);
    const round = readRound(memory(wake.memory), wake);
    const { kernel, places, block } = round.descriptor;
    if (wake.kernel !== null) this.#kernels.add(kernel, wake.kernel);
    const arrays = unpackPlaces(places, memory);
    const loaded = await this.#kernels.get(kernel);
    return new JoinedRound(this.#port, wake, round, arrays, memory(block), loaded);
  }

  async #serve(): Promise<void> {
    this.#running = true;
    do {
      for (let current = this.#queue.shift(); current !== undefined; current = this.#queue.shift()) {
        const state = this.#slice(current);
        const left = typeof state === "boolean" ? state : await state;
        if (!left) {
          // Rounds take turns, and between turns messages come in and timers fire.
          this.#queue.push(current);
          await this.#turn();
        }
      }
      const waiting = this.#parks ? this.#waitAtBell() : undefined;
      if (waiting !== undefined) await waiting;
    } while (this.#queue.length > 0);
    this.#running = false;
  }

  /**
   * Waits for the next round at the bell, for a while.
   * @returns undefined where one came at once: a promise would make it 0.3 µs longer
   */
  #waitAtBell(): Promise<void> | undefined {
    if (this.#joining > 0) return undefined;
    const until = clock() + this.#patience;
    const entering = this.#park();
    if (entering.length > 0 || this.#queue.length === 0 || this.#isTurnDue) {
      return this.#stayAtBell(until, entering);
    }
    this.#patience = Math.min(MOST_PATIENCE_MS, 2 * this.#patience);
    return undefined;
  }

  async #stayAtBell(until: number, entering: readonly Promise<void>[]): Promise<void> {
    for (let joining = entering; ; joining = this.#park()) {
      if (joining.length > 0) await Promise.all(joining);
      if (this.#queue.length === 0 || this.#isTurnDue) await this.#turn();
      if (this.#queue.length > 0) {
        this.#patience = Math.min(MOST_PATIENCE_MS, 2 * this.#patience);
        return;
      }
      if (this.#joining > 0 || clock() >= until) break;
    }
    this.#patience = Math.max(LEAST_PATIENCE_MS, this.#patience / 2);
  }

  /** Kernels may have timers, and messages of their own. */
  get #isTurnDue(): boolean {
    return clock() - this.#lastTurn > MOST_WITHOUT_TURN_MS;
  }

  /** Parks once. @returns the rounds that cannot be joined at once, all together */
  #park(): Promise<void>[] {
    this.#kernels.mend();
    const messages: WorkerMessage[] = [];
    const takeMessages = (): boolean => {
      for (let taken = this.#takeMessage(); taken !== undefined; taken = this.#takeMessage())
        messages.push(taken);
      return messages.length > 0;
    };
    // Only a worker that had a whole round for itself looks: as a rule the next one is for it again.
    const looks = this.#wasAlone && this.#looks?.take() === true;
    const mail = this.#bell.park(takeMessages, looks ? LOOK_MS : 0, PARK_MS);
    if (looks) this.#looks?.ended(this.#bell.rangAtOnce);
    this.#wasAlone = false;
    if (mail !== undefined) messages.push(mail);
    // All at once: were one to wait until the kernel of another is loaded, later ones would come before it, and miss
    // what it brings.
    const entering: Promise<void>[] = [];
    for (const message of messages) {
      const joining = this.#enter(message);
      if (joining !== undefined) entering.push(joining);
    }
    return entering;
  }

  /** @returns whether the worker has left the round */
  #slice(current: JoinedRound): boolean | Promise<boolean> {
    this.#kernels.turnTo(current.kernel);
    const deadline = clock() + SLICE_MS;
    const state = current.run.advance(deadline);
    return typeof state === "string"
      ? this.#ended(current, state)
      : this.#sliceLater(current, state, deadline);
  }

  async #sliceLater(current: JoinedRound, pending: PromiseLike<void>, deadline: number): Promise<boolean> {
    let state: ReturnType<TaskLoop["advance"]> = pending;
    while (typeof state !== "string") {
      await state;
      this.#kernels.mend();
      state = current.run.advance(deadline);
    }
    return this.#ended(current, state);
  }

  #ended(current: JoinedRound, state: "left" | "shut" | "paused"): boolean {
    const { wake, run, outbox } = current;
    if (state === "paused") {
      // The next turn may be far: another round's task comes first.
      outbox.flush();
      return false;
    }
    if (state === "shut") this.#shut.set(wake.memory, current);
    this.#wasAlone = run.tookAll;
    outbox.leave();
    return true;
  }

  async #turn(): Promise<void> {
    await nextTurn();
    this.#lastTurn = clock();
    this.#kernels.mend();
  }
}

async function initialize(setup: WorkerSetup): Promise<void> {
  if (setup.initializer === null) return;
  const fn = await loaderOf(setup.initializer).load(setup.initializer);
  await (fn as () => unknown)();
}
