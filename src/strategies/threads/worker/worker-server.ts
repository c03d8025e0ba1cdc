/** A worker's side of the pool: takes part in rounds, one slice of time after the other. */

import { loaderOf } from "../../../kernel/registry.js";
import { clock } from "../../../platform/clock.js";
import { nextTurn } from "../../../platform/runtime.js";
import { SLICE_MS } from "../../../platform/time-slice.js";
import { unpackPlaces } from "../../../protocol/descriptor.js";
import type {
  CollectedReport,
  ReportMessage,
  StartReport,
  WakeMessage,
  WorkerMessage,
  WorkerSetup,
} from "../../../protocol/messages.js";
import { readRound } from "../../../protocol/opened-round.js";
import { leaveAt } from "../../../protocol/round.js";
import { packThrown } from "../../../protocol/thrown.js";
import type { Waiting as PassWaiting } from "../../../tasks/pass-loop.js";
import type { TaskLoop } from "../../../tasks/task-loop.js";
import { BellWait, type Waiting } from "./bell-wait.js";
import { JoinedRound } from "./joined-round.js";
import { KnownRounds } from "./known-rounds.js";
import { type Port, ReportPort } from "./report-port.js";
import { assertIntact } from "./self-check.js";
import { WorkerKernels } from "./worker-kernels.js";
import { WorkerMemory } from "./worker-memory.js";

// Memory that is there after that is kept by a kernel.
const COLLECT_TRIES = 3;

export class WorkerServer implements Waiting {
  readonly #port: ReportPort;
  /** Rejects when the initializer throws; then the pool ends this worker. */
  readonly #initialized: Promise<void>;
  readonly #memory = new WorkerMemory();
  readonly #kernels = new WorkerKernels();
  readonly #queue: JoinedRound[] = [];
  readonly #known = new KnownRounds();
  /** `undefined` if the worker is woken by messages alone. */
  readonly #bell: BellWait | undefined;
  readonly takeMessage: () => WorkerMessage | undefined;
  /** Rounds that are being joined. */
  #joining = 0;
  #running = false;
  /** Whether it ran all tasks of the last round. */
  #wasAlone = false;
  #lastTurn = 0;
  readonly #atEndOfPass: PassWaiting;

  /**
   * Reports as soon as the initializer has ended.
   * @param takeMessage takes the next message from the port at once; `undefined` if there is none
   */
  constructor(port: Port, setup: WorkerSetup, takeMessage: () => WorkerMessage | undefined) {
    this.#port = new ReportPort(port);
    this.#bell = setup.parks ? new BellWait(setup, this) : undefined;
    this.takeMessage = takeMessage;
    this.#atEndOfPass = { looks: setup.spins, maySleep: () => !this.hasWork };
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

  /** Puts back what sharray rests on. @throws Error if that is impossible; nobody may catch it */
  mend(): void {
    this.#kernels.mend();
  }

  /** Puts back what any code rests on. @throws as `mend` */
  mendAll(): void {
    this.#kernels.mendAll();
  }

  get hasWork(): boolean {
    return this.#queue.length > 0;
  }

  get isJoining(): boolean {
    return this.#joining > 0;
  }

  get sinceTurn(): number {
    return clock() - this.#lastTurn;
  }

  get leavesNothing(): boolean {
    return this.#kernels.leaveNothing;
  }

  /** Joins a round and runs its tasks; answers with reports, and says at last that it left. */
  receive(message: WorkerMessage): Promise<void> {
    // An async function would keep the message, and all memory that came with it, for as long as the worker serves.
    const entering = this.enter(message);
    return entering === undefined ? this.#serve() : entering.then(() => this.#serve());
  }

  /** @returns `undefined` if the round could be joined at once */
  enter(wake: WorkerMessage): Promise<void> | undefined {
    this.#kernels.mend();
    // The order matters: memory that the pool lets go may come back through the user.
    if (wake.forget !== null) {
      this.#memory.forget(wake.forget);
      // Any of these rounds may be over by now, and hold memory that must be let go.
      this.#known.clear();
    }
    if (wake.round === null) return this.#collect();
    if (wake.forgetKernels !== null) this.#kernels.forget(wake.forgetKernels);
    for (const [id, handle] of wake.handles ?? []) this.#memory.add(id, handle);
    const known = this.#known.find(wake);
    if (known === undefined) return this.#enterLater(wake);
    this.#queue.push(known);
    return undefined;
  }

  /** Later, and again if needed: memory is no garbage before the functions that used it have returned. */
  async #collect(): Promise<void> {
    const gone: number[] = [];
    for (let tries = 0; tries < COLLECT_TRIES && this.#memory.hasGarbage; tries += 1) {
      await nextTurn();
      gone.push(...this.#memory.collect());
    }
    const collected: CollectedReport = { round: null, gone };
    this.#port.post(collected);
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
      this.#known.add(joined);
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
    return new JoinedRound(this.#port, wake, round, arrays, memory(block), loaded, this.#atEndOfPass);
  }

  /** Until there is no more to do; at once if it is being done. */
  async #serve(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    do {
      for (let current = this.#queue.shift(); current !== undefined; current = this.#queue.shift()) {
        const state = this.#slice(current);
        const left = typeof state === "boolean" ? state : await state;
        if (!left) {
          // Rounds take turns, and between turns messages come in and timers fire.
          this.#queue.push(current);
          await this.turn();
        }
      }
      const wasAlone = this.#wasAlone;
      this.#wasAlone = false;
      const waiting = this.#bell?.wait(wasAlone);
      if (waiting !== undefined) await waiting;
    } while (this.#queue.length > 0);
    this.#running = false;
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
    const { run, sender } = current;
    if (state === "paused") {
      // The next turn may be far away, because another round's task comes first.
      sender.flush();
      return false;
    }
    if (state === "shut") this.#known.leftAtGate(current);
    this.#wasAlone = run.tookAll;
    sender.leave();
    return true;
  }

  async turn(): Promise<void> {
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
