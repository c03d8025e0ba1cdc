/** The workers that this process starts: which are alive, how each ended, and the faults that come to them from outside. */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { Board, type ThreadName } from "./board.js";
import type { WorkerFault } from "./faults.js";
import { ENDED_BY_INITIALIZER, INITIALIZERS } from "./kernels.js";
import type { Tally } from "./tally.js";

/** A thread or a child process. */
interface Handle {
  readonly isChild: boolean;
  terminate(): void;
  /** Calls when it runs. */
  whenOnline(act: () => void): void;
  /** Does it stop for so many milliseconds? Threads can't. */
  stop(ms: number): void;
}

/** Its channel to this process. */
const CHANNEL_FD = 3;
const OF_INITIALIZER = 75;

export class Workers {
  /** Exit codes of those that ended, in order; 128 and the number of the signal that ended a process. */
  readonly exits: number[] = [];
  /** How many were ended by faults that have nothing to do with what they were at. */
  struck = 0;
  readonly #alive = new Map<ThreadName, Handle>();
  readonly #faults: readonly WorkerFault[];
  readonly #tally: Tally;
  #started = 0;

  constructor(faults: readonly WorkerFault[], tally: Tally) {
    this.#faults = faults;
    this.#tally = tally;
    const ended = faults.filter(({ kind }) => kind === "exit in its initializer");
    process.env[ENDED_BY_INITIALIZER] = ended.map(({ worker }) => worker).join();
    new Board(INITIALIZERS);
    process.on("worker", (worker) => {
      // Its id is gone when it has ended.
      const name = `${process.pid}:${worker.threadId}`;
      worker.on("exit", (code) => this.#ended(name, code));
      this.#began(name, {
        isChild: false,
        terminate: () => void worker.terminate(),
        whenOnline: (act) => void worker.once("online", act),
        stop: () => {},
      });
    });
    subscribe("child_process", (message) => this.#watch((message as { process: ChildProcess }).process));
  }

  /** The most of one kind. */
  get alive(): number {
    const children = [...this.#alive.values()].filter(({ isChild }) => isChild).length;
    return Math.max(children, this.#alive.size - children);
  }

  /** Ends a worker, as somebody may who has no part in the pool. */
  terminate(name: ThreadName): void {
    this.#alive.get(name)?.terminate();
  }

  /** A process that is about to start. */
  #watch(child: ChildProcess): void {
    // It has its number and its streams when this turn's code has run.
    queueMicrotask(() => {
      const { pid, stdio } = child;
      if (pid === undefined) return;
      const name = `${pid}:0`;
      child.once("exit", (code, signal) => {
        this.#ended(name, signal === null ? (code as number) : 128 + constants.signals[signal]);
      });
      this.#began(name, {
        isChild: true,
        terminate: () => void child.kill("SIGKILL"),
        whenOnline: (act) => void (stdio[CHANNEL_FD] as Readable | undefined)?.once("data", act),
        stop: (ms) => {
          child.kill("SIGSTOP");
          setTimeout(() => child.kill("SIGCONT"), ms);
        },
      });
    });
  }

  #began(name: ThreadName, handle: Handle): void {
    this.#alive.set(name, handle);
    for (const fault of this.#faults) if (fault.worker === this.#started) this.#strike(name, fault);
    this.#started += 1;
  }

  #ended(name: ThreadName, code: number): void {
    this.#alive.delete(name);
    this.exits.push(code);
    this.#tally.add("exits", `code ${code}`);
    if (code !== OF_INITIALIZER) return;
    this.#tally.add("faults", "exit in its initializer");
    this.struck += 1;
  }

  #strike(name: ThreadName, { kind, amount }: WorkerFault): void {
    const handle = this.#alive.get(name) as Handle;
    const terminate = (): void => {
      if (!this.#alive.has(name)) return;
      this.#tally.add("faults", kind);
      this.struck += 1;
      handle.terminate();
    };
    if (kind === "terminated at birth") terminate();
    else if (kind === "terminated when online") handle.whenOnline(terminate);
    else if (kind === "terminated later") setTimeout(terminate, amount).unref();
    else if (kind === "stopped for a while" && handle.isChild) {
      setTimeout(() => {
        if (!this.#alive.has(name)) return;
        this.#tally.add("faults", kind);
        handle.stop(50);
      }, amount).unref();
    }
  }
}
