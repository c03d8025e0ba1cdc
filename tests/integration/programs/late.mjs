/** Handles every rejection: nothing of the executor's own may turn up as unhandled, however it ended. */
import { ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxRetries: 0 });
const outcomes = [];
const note = async (call) =>
  outcomes.push(
    (
      await call.then(
        () => "done",
        (error) => error,
      )
    ).name ?? "done",
  );

const aborted = new AbortController();
const spin = (_, __, { aborted }) => {
  while (!aborted());
};
const calls = [
  note(executor.map([0, 1, 2], spin, { signal: aborted.signal })),
  note(executor.map([0], spin)),
];
await executor.start();
aborted.abort(new RangeError("enough"));
executor.cancel(new TypeError("all of them"));
await Promise.all(calls);
await note(executor.map([0], spin, { signal: AbortSignal.abort() }));
await note(executor.map([0], () => process.exit(3)));
await note(
  executor.map([0], () => {
    throw new SyntaxError("kernel");
  }),
);
await note(executor.map([Symbol("no")], () => 0));
await note(executor.map([0], () => outcomes, { captures: "error" }));
await executor.shutdown();
await note(executor.map([0], () => 0));
tell(outcomes);
