/** Looks at the process's listeners before, during and after the use of the package. */
import { tell, workers } from "./support.mjs";

const EVENTS = ["SIGINT", "SIGTERM", "exit", "uncaughtException", "unhandledRejection", "warning"];

function look() {
  return {
    counts: Object.fromEntries(EVENTS.map((event) => [event, process.listenerCount(event)])),
    names: process.eventNames().map(String).sort(),
    started: workers.started,
  };
}

const seen = { before: look() };
const { ParallelExecutor, defineKernel } = await import("sharray");
seen.imported = look();

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
defineKernel(import.meta.url, "kernel", () => 0);
executor.share(new Float64Array(10));
executor.explain(new Float64Array(10), (x) => x.length);
await executor.map([1, 2], (x) => x, { strategy: "sequential" });
seen.beforeThreads = look();

await executor.map([1, 2, 3], (x) => x);
seen.afterCalls = look();

// The program's own, added before threads.js is imported and in every turn of the event loop while it is.
const own = [];
const add = (signal) => {
  // Registered while threads.js registers its own.
  const listener = function keepThisOne() {};
  own.push([signal, listener]);
  process.on(signal, listener);
};
add("SIGINT");
add("SIGTERM");
let isEnding = true;
const addMore = () => {
  if (!isEnding) return;
  if (own.length < 100) add(own.length % 2 === 0 ? "SIGINT" : "SIGTERM");
  setImmediate(addMore);
};
process.setMaxListeners(200);
// There was no turn for it since the call: the shutdown imports it, as it asks workers for their output.
const end = executor.shutdown();
addMore();
await end;
isEnding = false;
seen.duringAdded = own.length - 2;
seen.ownLeft = own.filter(([signal, listener]) => process.listeners(signal).includes(listener)).length;
seen.own = own.length;
for (const [signal, listener] of own) process.off(signal, listener);
seen.afterShutdown = look();
tell(seen);
