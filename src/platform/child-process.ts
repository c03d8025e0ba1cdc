/** Child processes of the strategy "processes", for Node. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { ResourceLimits } from "node:worker_threads";
import { builtInModule } from "./built-in-module.js";
import { setTimeout } from "./builtins.js";
import { childScript } from "./child-script.js";
import { POOL_PARENT } from "./pool-parent.js";
import { readText } from "./read-text.js";
import { childArguments } from "./worker-arguments.js";

/** How a process ended. */
export interface Ending {
  /** If a signal ended it, 128 and the signal's number, as in a shell. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  /** Why it could not be started. */
  readonly error: unknown;
}

export interface ChildListener {
  /** Bytes that the child has sent. */
  receive(bytes: Uint8Array): void;
  /** Called once, after the last bytes. */
  ended(ending: Ending): void;
}

const CHANNEL_FD = 3;
const { constants } = builtInModule("node:os");
const { spawn } = builtInModule("node:child_process");

// The rest in the pipe of a process that has ended comes at once. Another process may hold its other end.
const REST_MS = 100;

/** A child. It ends when its standard input does, so at the latest with this process. */
export class Child {
  /** `undefined` until its script is there. */
  #running: { readonly process: ChildProcess; readonly channel: Socket } | undefined;
  /** Bytes that were sent before. */
  readonly #early: Uint8Array[] = [];
  readonly #listener: ChildListener;
  #ending: Ending | undefined;
  #hasEnded = false;

  /** @throws Error if no process can be started */
  constructor(transit: number, limits: ResourceLimits | undefined, listener: ChildListener) {
    this.#listener = listener;
    const script = childScript();
    if (typeof script === "string") this.#start(script, transit, limits);
    else void this.#startLater(script, transit, limits);
  }

  async #startLater(
    script: Promise<string>,
    transit: number,
    limits: ResourceLimits | undefined,
  ): Promise<void> {
    try {
      const path = await script;
      if (!this.#hasEnded) this.#start(path, transit, limits);
    } catch (error) {
      this.#end({ exitCode: 1, signal: undefined, error });
    }
  }

  #start(script: string, transit: number, limits: ResourceLimits | undefined): void {
    const parameters = [...childArguments(process.execArgv), ...limitArguments(limits)];
    const child = spawn(process.execPath, [...parameters, script], {
      stdio: ["pipe", "inherit", "inherit", "pipe", transit],
      env: { ...process.env, [POOL_PARENT]: String(process.pid) },
      windowsHide: true,
    });
    const channel = child.stdio?.[CHANNEL_FD] as Socket | null | undefined;
    if (channel == null) {
      // Node tells of it in a later turn, too.
      child.on("error", () => {});
      throw new Error("no descriptor is left for the streams of a process");
    }
    this.#running = { process: child, channel };
    child.on("error", (error) => this.#end({ exitCode: 1, signal: undefined, error }));
    child.on("exit", (code, signal) => {
      const exitCode = signal === null ? (code as number) : 128 + constants.signals[signal];
      this.#ending = { exitCode, signal: signal ?? undefined, error: undefined };
      if (channel.destroyed || channel.readableEnded) this.#end(this.#ending);
      else setTimeout(() => this.#end(this.#ending as Ending), REST_MS);
    });
    child.stdin?.on("error", () => {});
    channel.on("data", (bytes: Uint8Array) => this.#listener.receive(bytes));
    // A child that has gone does not read what was written to it.
    channel.on("error", () => {});
    channel.on("close", () => {
      if (this.#ending !== undefined) this.#end(this.#ending);
    });
    for (const bytes of this.#early.splice(0)) this.send(bytes);
  }

  get pid(): number | undefined {
    return this.#running?.process.pid;
  }

  send(bytes: Uint8Array): void {
    if (this.#running === undefined) this.#early.push(bytes);
    else if (!this.#running.channel.destroyed) this.#running.channel.write(bytes);
  }

  kill(): void {
    if (this.#running === undefined)
      this.#end({ exitCode: 128 + constants.signals.SIGKILL, signal: "SIGKILL", error: undefined });
    else this.#running.process.kill("SIGKILL");
  }

  /** A child with something to do keeps the process alive. */
  ref(): void {
    this.#each("ref");
  }

  unref(): void {
    this.#each("unref");
  }

  #each(act: "ref" | "unref"): void {
    if (this.#running === undefined) return;
    const { process, channel } = this.#running;
    process[act]();
    channel[act]();
    (process.stdin as Socket)[act]();
  }

  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#running?.channel.destroy();
    this.#listener.ended(ending);
  }
}

// The stack that a thread has by itself, and the part that Node keeps free.
const STACK_MB = 4;
const FREE_STACK_MB = 1;
// A young generation has three semi-spaces.
const SEMI_SPACES = 3;

/** Options of V8 that mean the same for a process as `resourceLimits` do for a thread. */
function limitArguments(limits: ResourceLimits = {}): string[] {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb, stackSizeMb = STACK_MB } = limits;
  const found = /^Max stack size +(\d+) /m.exec(readText("/proc/self/limits") ?? "")?.[1];
  const most = found === undefined ? 0 : Number(found) / 2 ** 20 - FREE_STACK_MB;
  const options: string[] = [];
  if (maxOldGenerationSizeMb !== undefined) {
    options.push(`--max-old-space-size=${Math.max(1, Math.ceil(maxOldGenerationSizeMb))}`);
  }
  if (maxYoungGenerationSizeMb !== undefined) {
    options.push(`--max-semi-space-size=${Math.max(1, Math.ceil(maxYoungGenerationSizeMb / SEMI_SPACES))}`);
  }
  const stack = Math.min(stackSizeMb, most);
  // With more than the system gives, the process would end in place of a RangeError.
  if (stack > 0) options.push(`--stack-size=${Math.floor(stack * 1024 - 192)}`);
  return options;
}
