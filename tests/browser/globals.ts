/** The app's global variable `app`. */
import type * as sharray from "sharray";
import type { ParallelOptions, ReadOnly } from "sharray";
import type { connectExecutor } from "sharray/bridge";

export type Results = Readonly<Record<string, unknown>>;

export type App = typeof sharray & {
  readonly connectExecutor: typeof connectExecutor;
  /** A worker that serves an executor with these options. */
  startCoordinator(options: ParallelOptions): Worker;
  createWorker(): Worker;
  /** Runs scenarios on an executor at a place. */
  readonly places: Readonly<Record<string, (options: ParallelOptions, names: string[]) => Promise<Results>>>;
  /** Kernels of `app/kernels.js`. */
  rms(x: ReadOnly<Float64Array>): number;
  /** @throws RangeError if the first element is -1 */
  slowSum(x: ReadOnly<Float64Array>): Promise<number>;
};
