/** Makes one call whose tasks leave traces, and prints what it comes to. It makes the same call each time that it runs. */
import { ClusterExecutor } from "sharray/cluster";
import { trace, traceInto } from "./cluster-kernels.js";

const [connection, queue, secret, file, tasks, ms, call] = process.argv.slice(2);
const executor = new ClusterExecutor({ connection, queue, secret, resume: true });
const x = Float64Array.from({ length: 1000 }, (_, i) => i / 7);
const args = { file, ms: Number(ms) };
const calls = {
  async map() {
    const items = new Array(Number(tasks)).fill(Number(ms));
    return executor.map(items, trace, { shared: { x }, args });
  },
  async transform() {
    const input = Float64Array.from({ length: 10 * Number(tasks) }, (_, i) => i);
    return [...(await executor.transformShared(input, Float64Array, traceInto, { chunkSize: 10, args }))];
  },
};
console.log(JSON.stringify(await calls[call]()));
await executor.shutdown();
