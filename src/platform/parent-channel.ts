/** A child process's side of what `child-process.ts` starts. */
import { builtInModule } from "./built-in-module.js";

const CHANNEL_FD = 3;

export interface ParentChannel {
  send(bytes: Uint8Array): void;
}

/**
 * Watches over the parent's life, and opens the channel to it.
 * @param listener gets what comes in. It also gets an error that nobody has caught, and makes the last bytes to be sent of it
 */
export function openChannel(listener: {
  receive(bytes: Uint8Array): void;
  broke(error: unknown): Uint8Array;
}): ParentChannel {
  const { Socket } = builtInModule("node:net");
  const channel = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  process.title = "sharray worker";
  // A terminal sends this signal to the whole group. The parent decides what follows. If it ends, so does this process.
  process.on("SIGINT", () => {});
  process.once("uncaughtException", (error) => {
    channel.removeAllListeners();
    channel.on("error", die);
    channel.end(listener.broke(error), () => process.exit(1));
  });
  channel.on("data", (bytes: Uint8Array) => listener.receive(bytes));
  for (const event of ["end", "error", "close"]) channel.on(event, die);
  watchParent();
  return { send: (bytes) => void channel.write(bytes) };
}

const { kill } = process;
const { pid } = process;

function die(): void {
  kill.call(process, pid, "SIGKILL");
}

/**
 * A thread of its own, because a kernel may keep this one busy for ever. The standard input ends when the parent does, for
 * whatever reason.
 */
const WATCH = [
  "const { Socket } = require('node:net');",
  "const end = () => process.kill(process.pid, 'SIGKILL');",
  "const input = new Socket({ fd: 0, readable: true, writable: false });",
  "for (const event of ['end', 'error', 'close']) input.on(event, end);",
  "input.resume();",
].join("");

function watchParent(): void {
  const { Worker } = builtInModule("node:worker_threads");
  const watch = new Worker(WATCH, {
    eval: true,
    execArgv: [],
    env: {},
    name: "sharray parent watch",
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 4 },
  });
  watch.unref();
}
