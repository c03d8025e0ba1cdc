/**
 * Stops in a kernel, in the worker that runs it, as a debugger does that attaches to workers: at a breakpoint in a module
 * kernel, or where an inline one throws.
 */

import { readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { ParallelExecutor } from "sharray";
import { broken } from "./breakpoint-kernel.js";
import { tell, until } from "./support.mjs";

const stopsAtErrors = process.argv[2] === "errors";
function inline(x) {
  if (x === 2) throw new RangeError("two");
  return x;
}

const url = new URL("breakpoint-kernel.js", import.meta.url);
const lineNumber = readFileSync(url, "utf8")
  .split("\n")
  .findIndex((line) => line.includes("broken here"));
const session = new Session();
session.connect();
let lastId = 0;
const answered = new Set();
const paused = [];
session.on("NodeWorker.attachedToWorker", ({ params: { sessionId } }) => {
  const send = (method, params = {}) => {
    const message = JSON.stringify({ id: ++lastId, method, params });
    session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
  };
  session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
    const { id, method, params: details } = JSON.parse(params.message);
    if (id !== undefined) answered.add(id);
    if (method !== "Debugger.paused") return;
    const [{ functionName, location }] = details.callFrames;
    paused.push(
      stopsAtErrors
        ? [details.reason, details.data?.description?.split("\n")[0]]
        : [functionName, location.lineNumber === lineNumber],
    );
    send("Debugger.resume");
  });
  send("Debugger.enable");
  if (stopsAtErrors) send("Debugger.setPauseOnExceptions", { state: "all" });
  else send("Debugger.setBreakpointByUrl", { lineNumber, url: url.href });
  send("Runtime.runIfWaitingForDebugger");
});
session.post("NodeWorker.enable", { waitForDebuggerOnStart: true });
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
const error = await executor.map([1, 2], stopsAtErrors ? inline : broken).catch((error) => error);
await until(() => paused.length > 0, "the worker has paused");
await executor.shutdown();
session.disconnect();
tell({ paused, message: error.cause.message });
