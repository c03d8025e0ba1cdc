/** Looks at how inline kernels get to the workers, or do not. */
import { ParallelExecutor } from "sharray";
import { tell, workers } from "./support.mjs";

const metadata = [];
const executor = new ParallelExecutor({
  strategy: "threads",
  maxWorkers: 1,
  telemetry: (event, payload) => {
    if (event === "parallel_execution") metadata.push(payload.metadataBytes);
  },
});

const ways = {
  async compiled() {
    // Written anew in every round of a loop, as kernels often are.
    const counts = [];
    const lengths = [];
    for (let call = 0; call < 3; call += 1) {
      // Counts on its own function object, which a second compilation would bring a new one of.
      const kernel = function count() {
        count.calls = (count.calls ?? 0) + 1;
        return count.calls;
      };
      lengths.push(kernel.toString().length);
      counts.push(await executor.map([0, 1, 2, 3], kernel));
    }
    // Some other kernel in between changes nothing.
    await executor.map([0], (x) => x);
    await executor.map([0], (x) => x);
    tell({ counts, metadata, lengths, ...workers });
  },

  async captured() {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, captures: "error" });
    const before = executor.memory();
    const factor = 3;
    const table = [1, 2];
    const refusals = [];
    const note = async (call) => {
      try {
        await call();
        refusals.push("accepted");
      } catch (error) {
        refusals.push([error.code ?? error.name, error.variables]);
      }
    };
    const x = new Float64Array(100_000);
    await note(() => executor.mapShared(x, (x) => x.length * factor + table[0]));
    await note(() => executor.transformShared(x, Float64Array, (x, out) => out.fill(factor * x[0])));
    await note(() =>
      executor.reduceShared(
        x,
        () => factor,
        (a, b) => a + b + factor,
      ),
    );
    await note(() => executor.map([1], () => table, { shared: { x } }));
    await note(async () => executor.streamShared(x, () => factor));
    await note(async () => executor.explain(x, () => factor));
    await note(() => executor.map([1], Math.sqrt));
    await note(() => executor.map([1], function* () {}));
    tell({
      refusals,
      before,
      after: executor.memory(),
      submitted: executor.metrics.snapshot().submitted,
      ...workers,
    });
  },
};

await ways[process.argv[2]]();
