/** One call under its faults: starts it, strikes from the caller's side, and sees how it ends. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ParallelExecutor, TypedArray } from "sharray";
import { Board } from "./board.js";
import { callKind, kernelArgs } from "./calls.js";
import { type CallFault, type TaskFault, taskFault } from "./faults.js";
import type { Kept } from "./kept.js";
import { arraysOf, copyOf, growAll, resizable, shrinkAll, transferAll } from "./payloads.js";
import { describeJob, type JobPlan, type SequencePlan } from "./plan.js";
import type { Tally } from "./tally.js";
import type { Workers } from "./workers.js";

/** What all jobs of a sequence share. */
export interface World {
  readonly plan: SequencePlan;
  readonly executor: ParallelExecutor;
  readonly workers: Workers;
  readonly tally: Tally;
  readonly kept: Kept;
  /** In flight. */
  readonly running: Set<Job>;
  /** Started so far. */
  readonly jobs: Job[];
}

export type Ending =
  | { readonly type: "value"; readonly value: unknown }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "hang" };

/** A bound for failures only: the slowest job waits for a worker or two that are given a second to leave. */
const HANG_MS = 60_000;

export class Job {
  readonly plan: JobPlan;
  readonly signal: AbortSignal;
  /** Results of a stream, in the order of their arrival. */
  readonly seen: [index: number, value: unknown][] = [];
  /** What the whole executor was cancelled with, while the job was in flight. */
  readonly cancelledWith = new Set<unknown>();
  /** Exits of workers before its start. */
  readonly exitsBefore: number;
  readonly #world: World;
  readonly #controller: AbortController;
  readonly #board: Board;
  /** Lent to the sequence, to be given back. */
  readonly #held: TypedArray[] = [];
  #hasEnded = false;
  #hasLeft = false;
  #isLate = false;

  constructor(plan: JobPlan, world: World, ofWave: AbortController) {
    this.plan = plan;
    this.#world = world;
    this.#controller = plan.signal === "wave" ? ofWave : new AbortController();
    this.signal = this.#controller.signal;
    this.exitsBefore = world.workers.exits.length;
    this.#board = new Board(`job-${world.jobs.length}`);
    world.jobs.push(this);
  }

  /** The loop over the stream was left, as planned. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** It went on after it was stopped. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** The faults that struck in tasks, and how often. */
  struck(): (readonly [TaskFault, number])[] {
    return this.plan.taskFaults.map((fault, i) => [fault, this.#board.taken(i)] as const);
  }

  /** Starts at once. */
  async run(payload: unknown): Promise<Ending> {
    const { plan, signal } = this;
    const { executor, running, tally } = this.#world;
    tally.add("calls", plan.call);
    running.add(this);
    if (plan.callFault?.kind === "aborted before") this.#abort();
    const args = { ...kernelArgs(plan), board: this.#board.name, ...this.#ballast() };
    const { strategy, chunkSize, timeout } = plan;
    const options = { args, signal, strategy, chunkSize, timeout };
    const kind = callKind(plan.call);
    const take = (index: number, value: unknown): boolean => {
      this.seen.push([index, value]);
      this.#hasLeft = plan.callFault?.kind === "leave" && this.seen.length === plan.callFault.amount;
      if (this.#hasLeft) tally.add("faults", "leave");
      return this.#hasLeft;
    };
    const given = this.#given(payload);
    // Sharing is part of it, as there may be no memory for that.
    const call = (async () => {
      const input = plan.isShared ? kind.share(executor, given) : given;
      if (plan.isShared) this.#lent(input, payload);
      return kind.make(executor, plan, input, options, take);
    })();
    const asks = plan.taskFaults.some((fault) => taskFault(fault.kind).asks !== undefined);
    const answering = asks ? setInterval(() => this.#answer(), 1) : undefined;
    const striking = this.#strikeFromOutside(given);
    let hang: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        call.then((value) => ({ type: "value", value }) as const),
        new Promise<Ending>((resolve) => {
          hang = setTimeout(() => resolve({ type: "hang" }), HANG_MS);
        }),
      ]);
    } catch (error) {
      return { type: "error", error };
    } finally {
      this.#hasEnded = true;
      running.delete(this);
      for (const timer of [answering, striking, hang]) clearTimeout(timer);
    }
  }

  /** When its ending was judged: from here on nobody needs what the call was given or gave. */
  settle(ending: Ending): void {
    const { plan } = this;
    if (plan.call === "transform" && ending.type === "value") {
      this.#lent(
        ending.value,
        copyOf(ending.value, (array) => array.slice()),
      );
    }
    if (this.#held.length > 0) this.#release();
    this.#board.end();
  }

  /** The call's arrays are the sequence's, which may keep them by other handles, or give them back. */
  #lent(arrays: unknown, expected: unknown): void {
    const kind = this.plan.callFault?.kind;
    if (kind === "released") this.#held.push(...arraysOf(arrays));
    if (kind !== "clone kept" && kind !== "clone posted") return;
    this.#world.tally.add("faults", kind);
    this.#world.kept.keep(describeJob(this.plan), arrays, expected, kind === "clone posted");
  }

  #release(): void {
    this.#world.tally.add("faults", "released");
    this.#world.executor.release(...this.#held.splice(0));
  }

  /** The judge still needs the arrays of the payload, so a fault gets others. */
  #given(payload: unknown): unknown {
    const { callFault, seed } = this.plan;
    switch (callFault?.kind) {
      case "arrays transferred":
        return structuredClone(payload);
      case "arrays shrunk":
      case "arrays grown":
        return copyOf(payload, (array) => resizable(array, seed % 2 === 0));
      default:
        return payload;
    }
  }

  /** Does what tasks ask for: they tell their thread, and that they have come to the fault. */
  #answer(): void {
    for (const [i, thread] of this.#board.takeAsked()) {
      const { kind } = this.plan.taskFaults[i] as TaskFault;
      if (taskFault(kind).asks === "terminate") this.#world.workers.terminate(thread);
      else this.#abort();
    }
  }

  #strikeFromOutside(payload: unknown): NodeJS.Timeout | undefined {
    const { callFault } = this.plan;
    const strikes: { readonly [kind: string]: (() => void) | undefined } = {
      signal: () => this.#abort(),
      cancel: () => this.#cancelAll(),
      "arrays transferred": () => transferAll(payload),
      "arrays shrunk": () => shrinkAll(payload),
      "arrays grown": () => growAll(payload),
    };
    const kind = callFault?.kind;
    if (kind === "released") return this.#at(() => this.#held.length > 0 && this.#release());
    const strike = kind && strikes[kind];
    return (
      strike &&
      this.#at(() => {
        this.#world.tally.add("faults", kind);
        strike();
      })
    );
  }

  /** At the time of the call's fault, which may be before this turn of the event loop ends. */
  #at(strike: () => void): NodeJS.Timeout | undefined {
    const { amount } = this.plan.callFault as CallFault;
    if (amount > 0) return setTimeout(strike, amount);
    strike();
    return undefined;
  }

  #abort(): void {
    this.#controller.abort(new Error("aborted by a fault"));
    void this.#mustEnd();
  }

  /** Whatever its tasks do, a stopped call rejects at once: a few turns of the event loop are for the way back. */
  async #mustEnd(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    const mayRead = this.plan.call === "stream" && this.plan.readsSlowly;
    this.#isLate ||= !this.#hasEnded && !mayRead;
  }

  #cancelAll(): void {
    const { executor, running } = this.#world;
    const reason = new Error("cancelled by a fault");
    executor.cancel(reason);
    for (const job of running) {
      job.cancelledWith.add(reason);
      void job.#mustEnd();
    }
  }

  /** Arrays in `args` that take the place of others: more than there is, or so much that three calls have no room. */
  #ballast(): { ballast?: Float64Array } {
    const limit = this.#world.plan.options.maxSharedBytes;
    const kind = this.plan.callFault?.kind;
    if (kind !== "too much memory" && kind !== "crowded memory") return {};
    this.#world.tally.add("faults", kind);
    return { ballast: new Float64Array((kind === "too much memory" ? limit : 0.4 * limit) / 8) };
  }
}
