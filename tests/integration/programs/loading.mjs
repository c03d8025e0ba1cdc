/** Makes calls while a worker loads the kernel of another one, which came in the same breath as their own. */
import { ParallelExecutor } from "sharray";
import { slowToLoad } from "./slow-to-load.js";
import { tell, until } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
const gate = executor.allocate(Int32Array, 2);
const triple = (x) => 3 * x;

// The worker finds both wake-ups in its port when it comes to its bell, as it is kept in a task until they are there.
const keeping = executor.map(
  [0],
  (_, __, { args }) => {
    Atomics.store(args, 0, 1);
    while (Atomics.load(args, 1) === 0);
  },
  { args: gate },
);
await until(() => Atomics.load(gate, 0) === 1, "the worker's task");
const outcome = (call) =>
  call.then(
    ([value]) => value,
    (error) => error.message,
  );
const calls = [outcome(executor.map([1], slowToLoad)), outcome(executor.map([1], triple))];
Atomics.store(gate, 1, 1);
await keeping;
// These come later, and their kernel is known to have been sent.
for (let i = 0; i < 30; i += 1) {
  calls.push(outcome(executor.map([i], triple)));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
tell(await Promise.all(calls));
await executor.shutdown();
