/** A child's side of the pool: takes part in rounds, one slice of time after the other. */
import { loaderOf } from "../../../kernel/registry.js";
import { clock } from "../../../platform/clock.js";
import { Looks } from "../../../platform/looks.js";
import { nextTurn } from "../../../platform/runtime.js";
import { MOST_WITHOUT_TURN_MS, SLICE_MS } from "../../../platform/time-slice.js";
import { readBytes, TRANSIT_FD, writeBytes } from "../../../platform/transit-file.js";
import type { KernelAddress } from "../../../protocol/messages.js";
import { packThrown } from "../../../protocol/thrown.js";
import type { TaskLoop } from "../../../tasks/task-loop.js";
import { assertIntact } from "../../threads/worker/self-check.js";
import { WorkerKernels } from "../../threads/worker/worker-kernels.js";
import type { Line } from "../line.js";
import type { MailFile } from "../mailbox.js";
import type {
  AgainMessage,
  FeedMessage,
  Forgotten,
  FromChild,
  JoinMessage,
  Piece,
  Range,
  ReportMessage,
  ToChild,
} from "../messages.js";
import { ChildMemory } from "./child-memory.js";
import { ChildRound, type RoundServer } from "./child-round.js";
import { KnownRound } from "./known-round.js";

// Looking for the next round saves the time to wake up, 5-100 µs. A caller that goes on at once asks within that.
const LOOK_MS = 0.25;

const FILE: MailFile = {
  write: (bytes, at) => writeBytes(TRANSIT_FD, bytes, at),
  read: (bytes, at) => readBytes(TRANSIT_FD, bytes, at),
};

export class ChildServer implements RoundServer {
  readonly #line: Line<FromChild, ToChild>;
  readonly #looks = new Looks();
  readonly #memory = new ChildMemory();
  readonly #kernels = new WorkerKernels();
  /** Those that it takes part in; a promise of one that is being joined. */
  readonly #rounds = new Map<number, ChildRound | Promise<ChildRound | undefined>>();
  /** With tasks to run. */
  readonly #queue: ChildRound[] = [];
  /** Never settles before the initializer has ended; the parent ends this process where it throws. */
  #initialized: Promise<void> = Promise.resolve();
  #joining = 0;
  #isRunning = false;
  #isLooking = false;
  #lastTurn = 0;

  constructor(line: Line<FromChild, ToChild>) {
    this.#line = line;
  }

  receive(message: ToChild): void {
    this.#kernels.mend();
    switch (message.type) {
      case "setup":
        this.#line.open(FILE, message.mail, false);
        this.#start(message.initializer);
        break;
      case "pieces":
        this.#take(message.pieces);
        break;
      case "feed":
        this.#feed(message);
        break;
      case "forget":
        this.#forget(message.forgotten);
        break;
      case "join":
        this.#rounds.set(message.round, this.#joinLater(message));
        break;
      case "again":
        this.#joinAgain(message);
        break;
      case "grant":
        this.#grant(message.round, message.ranges);
        break;
      case "look": {
        const round = this.#rounds.get(message.round);
        if (round instanceof ChildRound) round.look();
        break;
      }
      case "verify": {
        const round = this.#rounds.get(message.round);
        const change = round instanceof ChildRound ? round.inputs.findChange() : undefined;
        this.#line.send({ type: "verified", round: message.round, change: change ?? null });
        break;
      }
      case "collect":
        this.#line.send({ type: "collected", gone: this.#memory.collect() });
        break;
    }
  }

  #start(initializer: KernelAddress | null): void {
    const run = async (): Promise<void> => {
      if (initializer === null) return;
      const fn = await loaderOf(initializer).load(initializer);
      await (fn as () => unknown)();
    };
    const initialized = run();
    initialized.then(
      () => this.#line.send({ type: "started", broken: null }),
      (thrown: unknown) => this.#line.send({ type: "started", broken: packThrown(thrown) }),
    );
    this.#initialized = initialized.catch(() => new Promise<never>(() => {}));
  }

  #take(pieces: readonly Piece[]): void {
    for (const { memory, isOwn, size, at, bytes } of pieces) {
      new Uint8Array(this.#memory.open(memory, isOwn, size), at, bytes.length).set(bytes);
    }
  }

  #feed({ memory, isOwn, size, at, bytes }: FeedMessage): void {
    const buffer = this.#memory.open(memory, isOwn, size);
    if (bytes instanceof Uint8Array) new Uint8Array(buffer, at, bytes.length).set(bytes);
    else readBytes(TRANSIT_FD, new Uint8Array(buffer, at, bytes.length), bytes.file);
    this.#line.send({ type: "taken" });
  }

  #forget({ rounds, memory, kernels }: Forgotten): void {
    for (const id of rounds) {
      const round = this.#rounds.get(id);
      this.#rounds.delete(id);
      if (round instanceof ChildRound) this.#memory.leave(round.known.ownMemory, round.known.mayReuse);
    }
    this.#memory.forget(memory);
    this.#kernels.forget(kernels);
    if (this.#joining === 0) this.#kernels.forgetOutdated();
  }

  async #joinLater(message: JoinMessage): Promise<ChildRound | undefined> {
    const { round: id } = message;
    this.#joining += 1;
    try {
      if (message.forgotten !== null) this.#forget(message.forgotten);
      this.#take(message.pieces);
      for (const [memory, bytes] of message.own) this.#memory.open(memory, true, bytes);
      await this.#initialized;
      this.#kernels.mendAll();
      const { number, address } = message.kernel;
      if (address !== null) this.#kernels.add(number, address);
      const kernel = await this.#kernels.get(number);
      return this.#begin(new KnownRound(message, this.#memory, kernel), message);
    } catch (thrown) {
      assertIntact();
      this.#line.send({ type: "broken", round: id, thrown: packThrown(thrown) });
      return undefined;
    } finally {
      this.#joining -= 1;
      if (this.#joining === 0) this.#kernels.forgetOutdated();
    }
  }

  #joinAgain(message: AgainMessage): void {
    const before = this.#rounds.get(message.round) as ChildRound;
    this.#take(message.pieces);
    this.#begin(before.known, message);
  }

  #begin(known: KnownRound, { ranges, outputs }: Pick<JoinMessage, "ranges" | "outputs">): ChildRound {
    const round = new ChildRound(known, ranges, outputs, this);
    this.#rounds.set(known.name, round);
    if (ranges.length === 0) round.flush();
    else this.#enqueue(round);
    return round;
  }

  #grant(id: number, ranges: readonly Range[]): void {
    const grant = (round: ChildRound | undefined): void => {
      if (round === undefined) return;
      round.control.grant(ranges);
      this.#enqueue(round);
    };
    const round = this.#rounds.get(id);
    if (round instanceof ChildRound) grant(round);
    else void round?.then(grant);
  }

  #enqueue(round: ChildRound): void {
    if (this.#queue.includes(round)) return;
    this.#queue.push(round);
    if (!this.#isRunning) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#isRunning = true;
    this.#lastTurn = clock();
    while (this.#queue.length > 0) {
      const current = this.#queue[0] as ChildRound;
      const state = await this.#slice(current);
      this.#queue.shift();
      // More may have been granted meanwhile.
      if (state !== "paused" && current.control.claimable === 0) {
        if (this.#isLooking) this.#look();
        continue;
      }
      // Rounds take turns, and between turns messages come in and timers fire.
      this.#queue.push(current);
      await nextTurn();
      this.#lastTurn = clock();
      this.#kernels.mend();
    }
    this.#isRunning = false;
  }

  report(message: ReportMessage, values?: readonly unknown[]): void {
    this.#line.send(message, values);
  }

  aboutToEnd(): void {
    const isAlone = this.#queue.length === 1 && this.#joining === 0;
    // Kernels may have timers, and messages of their own.
    const isTurnDue = clock() - this.#lastTurn > MOST_WITHOUT_TURN_MS;
    if (this.#isLooking || !isAlone || isTurnDue || !this.#looks.take()) return;
    this.#isLooking = true;
    this.#line.beginLook();
  }

  /** Looks for the next round for a moment. */
  #look(): void {
    const until = clock() + LOOK_MS;
    let isThere = false;
    do {
      for (let i = 0; i < 16 && !isThere; i += 1) isThere = this.#line.look();
    } while (!isThere && clock() < until);
    this.#looks.ended(isThere);
    this.#isLooking = false;
    this.#line.endLook();
  }

  async #slice(current: ChildRound): Promise<"left" | "shut" | "paused"> {
    this.#kernels.turnTo(current.known.descriptor.kernel);
    const deadline = clock() + SLICE_MS;
    let state: ReturnType<TaskLoop["advance"]> = current.run.advance(deadline);
    while (typeof state !== "string") {
      await state;
      this.#kernels.mend();
      state = current.run.advance(deadline);
    }
    current.pause();
    return state;
  }
}
