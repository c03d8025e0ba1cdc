/** Counts the sessions of the inspector that calls of closures take which were called often, and how often the closures run. */
import { Session } from "node:inspector";
import { isMainThread, Worker } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { level, raise } from "./changing-export.mjs";
import { tell } from "./support.mjs";

const CALLS = 150;
const { connect } = Session.prototype;
let sessions = 0;
Session.prototype.connect = function () {
  sessions += 1;
  return connect.call(this);
};

const rate = 2;
const scale = (x) => x * rate;
let offset = 1;
var old = 1;
globalThis.runs = 0;
const kernels = {
  arrow: (x) => scale(x) + rate,
  named: function named(x) {
    return x * rate;
  },
  method: {
    async method(x) {
      return x * rate;
    },
  }.method,
  changing: (x) => x + offset + old + level,
  patterns: (x, { length = globalThis.runs++ * 0 }, { index: i = globalThis.runs++ * 0, ...rest }) => {
    globalThis.runs++;
    return `${x} ${length} ${i} ${typeof rest} ${offset}`;
  },
};

/** For each kernel: how many sessions a call takes, whether its result is that of the function itself, how often it ran in all calls. */
async function look() {
  const seen = {};
  const executor = new ParallelExecutor({ strategy: "sequential" });
  for (const [name, kernel] of Object.entries(kernels)) {
    globalThis.runs = 0;
    for (let i = 0; i < CALLS; i++) await executor.map([1], kernel);
    const { runs } = globalThis;
    sessions = 0;
    offset += 1;
    old += 1;
    raise();
    const [value] = await executor.map([1], kernel);
    seen[name] = [sessions, value === (await kernel(1, {}, { index: 0 })), runs / CALLS];
  }
  await executor.shutdown();
  return seen;
}

if (process.argv.includes("thread") && isMainThread)
  new Worker(new URL(import.meta.url), { argv: ["thread"] });
else tell(await look());
