/** A child's side of the pool: takes part in rounds, one slice of time after the other. */
import { loaderOf } from "../../../kernel/registry.js";
import { clock } from "../../../platform/clock.js";
import { nextTurn } from "../../../platform/runtime.js";
import { SLICE_MS } from "../../../platform/time-slice.js";
import { readBytes, TRANSIT_FD } from "../../../platform/transit-file.js";
import type { KernelAddress } from "../../../protocol/messages.js";
import { packThrown } from "../../../protocol/thrown.js";
import type { TaskLoop } from "../../../tasks/task-loop.js";
import { assertIntact } from "../../threads/worker/self-check.js";
import { WorkerKernels } from "../../threads/worker/worker-kernels.js";
import type {
  AgainMessage,
  FeedMessage,
  Forgotten,
  FromChild,
  JoinMessage,
  Piece,
  Range,
  ToChild,
} from "../messages.js";
import { ChildMemory } from "./child-memory.js";
import { ChildRound } from "./child-round.js";
import { KnownRound } from "./known-round.js";

/** Sends a message. @throws if the values can't be carried */
export type SendToParent = (message: FromChild, values?: readonly unknown[]) => void;

export class ChildServer {
  readonly #send: SendToParent;
  readonly #memory = new ChildMemory();
  readonly #kernels = new WorkerKernels();
  /** Rounds that it takes part in. A round that is being joined is a promise. */
  readonly #rounds = new Map<number, ChildRound | Promise<ChildRound | undefined>>();
  /** Rounds with tasks to run. */
  readonly #queue: ChildRound[] = [];
  /** Never settles before the initializer has ended; the parent ends this process if it throws. */
  #initialized: Promise<void> = Promise.resolve();
  #joining = 0;
  #isRunning = false;

  constructor(send: SendToParent) {
    this.#send = send;
  }

  receive(message: ToChild): void {
    this.#kernels.mend();
    switch (message.type) {
      case "setup":
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
        this.#send({ type: "verified", round: message.round, change: change ?? null });
        break;
      }
      case "collect":
        this.#send({ type: "collected", gone: this.#memory.collect() });
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
      () => this.#send({ type: "started", broken: null }),
      (thrown: unknown) => this.#send({ type: "started", broken: packThrown(thrown) }),
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
    this.#send({ type: "taken" });
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
    const own = message.own.map(([memory]) => memory);
    this.#joining += 1;
    if (message.forgotten !== null) this.#forget(message.forgotten);
    this.#take(message.pieces);
    for (const [memory, bytes] of message.own) this.#memory.open(memory, true, bytes);
    // This comes before the wait, because an earlier round that had the same memory may be let go meanwhile.
    const isFresh = this.#memory.use(own);
    try {
      await this.#initialized;
      this.#kernels.mendAll();
      const { number, address } = message.kernel;
      if (address !== null) this.#kernels.add(number, address);
      const kernel = await this.#kernels.get(number);
      return this.#begin(new KnownRound(message, this.#memory, kernel, isFresh), message);
    } catch (thrown) {
      assertIntact();
      this.#memory.leave(own, message.mayReuse);
      this.#send({ type: "broken", round: id, thrown: packThrown(thrown) });
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
    const round = new ChildRound(known, ranges, outputs, this.#send);
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
    while (this.#queue.length > 0) {
      const current = this.#queue[0] as ChildRound;
      const state = await this.#slice(current);
      this.#queue.shift();
      // More may have been granted meanwhile.
      if (state !== "paused" && current.control.claimable === 0) continue;
      // Rounds take turns, and between turns messages come in and timers fire.
      this.#queue.push(current);
      await nextTurn();
      this.#kernels.mend();
    }
    this.#isRunning = false;
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
