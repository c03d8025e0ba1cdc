/** One call under its faults: starts it, strikes from the caller's side, and sees how it ends. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ParallelExecutor } from "sharray";
import { callKind, kernelArgs } from "./calls.js";
import { type TaskFault, taskFault } from "./faults.js";
import type { JobPlan, SequencePlan } from "./plan.js";
import type { Tally } from "./tally.js";
import type { Workers } from "./workers.js";

/** What all jobs of a sequence share. */
export interface World {
  readonly plan: SequencePlan;
  readonly executor: ParallelExecutor;
  readonly workers: Workers;
  readonly tally: Tally;
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
  readonly #left: Int32Array;
  readonly #asked: Int32Array;
  #hasEnded = false;
  #hasLeft = false;
  #isLate = false;

  constructor(plan: JobPlan, world: World, ofWave: AbortController) {
    this.plan = plan;
    this.#world = world;
    this.#controller = plan.signal === "wave" ? ofWave : new AbortController();
    this.signal = this.#controller.signal;
    this.exitsBefore = world.workers.exits.length;
    const words = Math.max(1, plan.taskFaults.length) * Int32Array.BYTES_PER_ELEMENT;
    this.#left = new Int32Array(new SharedArrayBuffer(words));
    this.#asked = new Int32Array(new SharedArrayBuffer(words));
    for (const [i, { times }] of plan.taskFaults.entries()) this.#left[i] = times;
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
    return this.plan.taskFaults.map((fault, i) => {
      const left = Math.max(0, Atomics.load(this.#left, i));
      return [fault, fault.times - left] as const;
    });
  }

  /** Starts at once. */
  async run(payload: unknown): Promise<Ending> {
    const { plan, signal } = this;
    const { executor, running, tally } = this.#world;
    tally.add("calls", plan.call);
    running.add(this);
    if (plan.callFault?.kind === "aborted before") this.#abort();
    const args = { ...kernelArgs(plan), left: this.#left, asked: this.#asked, ...this.#ballast() };
    const { strategy, chunkSize, timeout } = plan;
    const options = { args, signal, strategy, chunkSize, timeout };
    const kind = callKind(plan.call);
    const take = (index: number, value: unknown): boolean => {
      this.seen.push([index, value]);
      this.#hasLeft = plan.callFault?.kind === "leave" && this.seen.length === plan.callFault.amount;
      if (this.#hasLeft) tally.add("faults", "leave");
      return this.#hasLeft;
    };
    // The judge still needs the arrays.
    const given = plan.callFault?.kind === "arrays transferred" ? structuredClone(payload) : payload;
    // Sharing is part of it, as there may be no memory for that.
    const call = (async () => {
      const input = plan.isShared ? kind.share(executor, given) : given;
      return kind.make(executor, plan, input, options, take);
    })();
    const answering = setInterval(() => this.#answer(), 1);
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

  /** Does what tasks ask for: they tell their thread, and that they have come to the fault. */
  #answer(): void {
    for (const [i, { kind }] of this.plan.taskFaults.entries()) {
      const thread = Atomics.exchange(this.#asked, i, 0);
      if (thread === 0) continue;
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
    };
    const strike = callFault && strikes[callFault.kind];
    if (strike === undefined) return undefined;
    return setTimeout(() => {
      this.#world.tally.add("faults", callFault?.kind as string);
      strike();
    }, callFault?.amount);
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

/** Takes away every typed array of a payload. */
function transferAll(payload: unknown): void {
  if (ArrayBuffer.isView(payload))
    structuredClone(payload.buffer, { transfer: [payload.buffer as ArrayBuffer] });
  else if (typeof payload === "object" && payload !== null) Object.values(payload).forEach(transferAll);
}
