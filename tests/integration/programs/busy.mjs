/** Is in the middle of a job on all its workers when it prints "running", and stays there. */
import { ParallelExecutor } from "sharray";
import { until } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
const running = executor.allocate(Int32Array, 1);
const call = executor.map(
  [0, 1],
  (_, __, { args, aborted }) => {
    Atomics.add(args.running, 0, 1);
    while (!aborted());
  },
  { args: { running } },
);
await until(() => Atomics.load(running, 0) === 2, "both workers running");
console.log("running");
await call;
