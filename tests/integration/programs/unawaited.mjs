/** Never looks at a call that fails. */
import { ParallelExecutor } from "sharray";

const [strategy] = process.argv.slice(2);
const executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
executor.map([1], () => {
  throw new RangeError("nobody looks");
});
