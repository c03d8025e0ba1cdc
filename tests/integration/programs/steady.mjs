/** Counts the sessions of the inspector that calls with captured variables take. */
import { Session } from "node:inspector";
import { ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const { connect } = Session.prototype;
let sessions = 0;
Session.prototype.connect = function () {
  sessions += 1;
  return connect.call(this);
};

const rate = 2;
const scale = (x) => x * rate;
let offset = 1;
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
  changing: (x) => x + offset,
};

const seen = {};
const executor = new ParallelExecutor({ strategy: "sequential" });
for (const [name, kernel] of Object.entries(kernels)) {
  for (let i = 0; i < 300; i++) await executor.map([1], kernel);
  sessions = 0;
  offset += 1;
  const expected = await Promise.all([1, 2].map((x) => kernel(x)));
  const values = await executor.map([1, 2], kernel);
  seen[name] = [sessions, String(values) === String(expected)];
}
await executor.shutdown();
tell(seen);
