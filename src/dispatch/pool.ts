/**
 * The pool: long-lived threads.js threads, each in a slot. The only file that imports threads.js, which spawns,
 * initialises and terminates them; rounds travel over a port of our own (docs/decisions/0001).
 */
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
} from "node:worker_threads";
import type { KernelAddress, ReportMessage, WakeMessage, WorkerSetup } from "../protocol/messages.js";
import { NodeWorker } from "./node-worker.js";

/** How a worker ended. */
export interface Loss {
  /** Undefined: it never served. */
  readonly exitCode: number | undefined;
  readonly error: unknown;
  /** The pool ended it itself, on behalf of another round or for want of work. */
  readonly terminated: boolean;
}

/** Hears from a slot about one round. */
export interface RoundListener {
  report(slot: Slot, message: ReportMessage): void;
  /** The slot's worker ended before it left the round. Nothing more comes from it. */
  lost(slot: Slot, loss: Loss): void;
}

interface ServeModule {
  serve(port: MessagePort, setup: WorkerSetup): void;
}

export interface PoolOptions {
  readonly maxWorkers: number;
  /** Milliseconds without a round after which a worker is ended. */
  readonly idleTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly initializer: KernelAddress | null;
}

type Threads = typeof import("threads");

let threads: Promise<Threads> | undefined;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Imports threads.js at first need, and takes back what its import does to the process. */
function loadThreads(): Promise<Threads> {
  threads ??= (async () => {
    // It installs handlers that end the process with code 0 on SIGINT and SIGTERM (master/implementation.node.ts:142).
    // They are those that are new and call its function: the program may add its own while the import runs, and may
    // have imported threads.js itself before.
    const before = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
    const module = await import("threads");
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal)) {
        const isItsOwn = String(listener).includes("terminateWorkersAndMaster");
        if (isItsOwn && !before.has(listener)) process.off(signal, listener);
      }
    }
    return module;
  })();
  return threads;
}

const ENTRY = new URL("../worker/entry.js", import.meta.url);
// Far longer than a start takes on a loaded machine; a worker that ends is noticed at once, by its exit.
const SPAWN_TIMEOUT_MS = 60_000;

/** One worker and what it knows. */
export class Slot {
  /** Names the worker among those of its pool, from 1. */
  readonly number: number;
  /** Memory whose handle the worker has. */
  readonly knownMemory = new Set<number>();
  /** Kernels that the worker has. */
  readonly knownKernels = new Set<number>();
  /** Memory that is gone, to be told with the next wake-up. */
  readonly toForget: number[] = [];
  /** Resolves when the worker serves rounds; rejects when it could not be started. */
  readonly ready: Promise<void>;
  readonly #rounds = new Map<number, RoundListener>();
  readonly #port: MessagePort;
  readonly #worker: NodeWorker;
  readonly #onRelease: (slot: Slot) => void;
  readonly #onEnd: (slot: Slot) => void;
  #thread: object | undefined;
  #startError: unknown;
  #terminated = false;
  #holds = 0;
  #idleSince = 0;
  #readySince: number | undefined;

  constructor(
    number: number,
    options: PoolOptions,
    onRelease: (slot: Slot) => void,
    onEnd: (slot: Slot) => void,
  ) {
    this.number = number;
    this.#onRelease = onRelease;
    this.#onEnd = onEnd;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on("message", (message: ReportMessage) => this.#report(message));
    port1.unref();
    this.#worker = new NodeWorker(ENTRY, options.resourceLimits, (exitCode, error) => {
      onEnd(this);
      this.#lose({
        exitCode: this.#thread === undefined ? undefined : exitCode,
        error: error ?? this.#startError,
        terminated: this.#terminated,
      });
    });
    this.#hold();
    this.ready = this.#serve(port2, { initializer: options.initializer })
      .then(() => {
        this.#readySince = performance.now();
      })
      .finally(() => this.#release());
    // Rounds learn of a failed start by the worker's end; only `start` looks at the promise.
    this.ready.catch(() => {});
  }

  /** Rounds that the worker was woken for and has not left. */
  get rounds(): number {
    return this.#rounds.size;
  }

  /** When the worker began to serve, as `performance.now()` counts; undefined: not yet. */
  get readySince(): number | undefined {
    return this.#readySince;
  }

  /** When the worker last had something to do, as `performance.now()` counts; undefined while it has. */
  get idleSince(): number | undefined {
    return this.#holds > 0 ? undefined : this.#idleSince;
  }

  /** Wakes the worker for a round. Messages wait in the port where the worker is still starting. */
  wake(message: WakeMessage, listener: RoundListener): void {
    this.#rounds.set(message.round, listener);
    this.#hold();
    this.#port.postMessage(message);
  }

  /** Ends the worker; its rounds hear that it is lost. */
  async terminate(): Promise<void> {
    this.#terminated = true;
    // Never released: reports that still come in must not let the process end before the worker has.
    this.#hold();
    // Gone from the pool at once, so that no round is sent to a worker that is about to end.
    this.#onEnd(this);
    if (this.#thread === undefined) await this.#worker.terminate();
    else await (await loadThreads()).Thread.terminate(this.#thread);
  }

  async #serve(port: MessagePort, setup: WorkerSetup): Promise<void> {
    try {
      const { spawn, Transfer } = await loadThreads();
      const thread = await spawn<ServeModule>(this.#worker, { timeout: SPAWN_TIMEOUT_MS });
      // Awaited at once: threads.js listens for the answer only from then on (invocation-proxy.ts:132), and it never
      // answers for a worker that has ended (master/spawn.ts:94).
      await Promise.race([thread.serve(Transfer(port), setup), this.#worker.untilEnd()]);
      this.#thread = thread;
    } catch (error) {
      // A start that timed out leaves the worker alive (master/spawn.ts:46-59).
      this.#startError = error;
      await this.#worker.terminate();
      throw error;
    }
  }

  #report(message: ReportMessage): void {
    const listener = this.#rounds.get(message.round);
    if (listener === undefined) return;
    const { left } = message;
    if (left) this.#rounds.delete(message.round);
    listener.report(this, message);
    if (left) this.#release();
  }

  #lose(loss: Loss): void {
    // What the worker sent before its end waits in the port, and counts.
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) break;
      this.#report(received.message as ReportMessage);
    }
    this.#port.close();
    const listeners = [...this.#rounds.values()];
    this.#rounds.clear();
    for (const listener of listeners) listener.lost(this, loss);
  }

  /** A worker with something to do keeps the process alive; an idle one must not. */
  #hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#worker.ref();
  }

  #release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#worker.unref();
    this.#idleSince = performance.now();
    this.#onRelease(this);
  }
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Workers that exist now. */
  get size(): number {
    return this.#slots.size;
  }

  /** Workers that serve. */
  get serving(): number {
    let count = 0;
    for (const slot of this.#slots) if (slot.readySince !== undefined) count += 1;
    return count;
  }

  /** Up to `count` slots, the idlest first; starts workers as far as `maxWorkers` allows. */
  acquire(count: number): Slot[] {
    const wanted = Math.min(count, this.#options.maxWorkers);
    let idle = 0;
    for (const slot of this.#slots) if (slot.rounds === 0) idle += 1;
    for (; idle < wanted && this.#slots.size < this.#options.maxWorkers; idle += 1) {
      this.#slots.add(
        new Slot(
          this.#freeNumber(),
          this.#options,
          () => this.#scheduleTrim(),
          (slot) => this.#slots.delete(slot),
        ),
      );
    }
    return [...this.#slots].sort((a, b) => a.rounds - b.rounds).slice(0, wanted);
  }

  /** Starts workers until there are `count`, and waits until all serve. */
  async start(count = this.#options.maxWorkers): Promise<void> {
    await Promise.all(this.acquire(count).map((slot) => slot.ready));
  }

  /** Tells every worker, with its next wake-up, that memory is gone. */
  forget(memory: number): void {
    for (const slot of this.#slots) {
      if (slot.knownMemory.delete(memory)) slot.toForget.push(memory);
    }
  }

  /** Ends all workers. */
  async terminate(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([...this.#slots].map((slot) => slot.terminate()));
  }

  #freeNumber(): number {
    const taken = new Set([...this.#slots].map((slot) => slot.number));
    let number = 1;
    while (taken.has(number)) number += 1;
    return number;
  }

  #scheduleTrim(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#trim();
    }, this.#options.idleTimeout).unref();
  }

  #trim(): void {
    const now = performance.now();
    let waiting = false;
    for (const slot of this.#slots) {
      const { idleSince } = slot;
      if (idleSince !== undefined && now - idleSince >= this.#options.idleTimeout) {
        void slot.terminate();
      } else {
        waiting = true;
      }
    }
    if (waiting) this.#scheduleTrim();
  }
}
