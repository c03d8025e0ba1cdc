/** Work that people have, written with the public calls: every strategy gives what a plain loop gives. */
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { argsorting } from "./argsort.js";
import { boundingVolumeTree } from "./bounding-volume-tree.js";
import { compaction } from "./compaction.js";
import { groupBy } from "./group-by.js";
import { jobQueue } from "./job-queue.js";
import { lifeOnATorus } from "./life.js";
import { matrixProduct } from "./matrix-product.js";
import { median } from "./median.js";
import { monteCarlo } from "./monte-carlo.js";
import { nBody } from "./n-body.js";
import { nearestNeighbours } from "./nearest-neighbours.js";
import { numberTheoreticTransform } from "./ntt.js";
import { rollingWindow } from "./rolling-window.js";
import { scan } from "./scan.js";
import { tileMosaic } from "./tile-mosaic.js";
import { wasmHistogram } from "./wasm-histogram.js";
import type { Workload } from "./workload.js";

const WORKLOADS: Readonly<Record<string, Workload>> = {
  "a mosaic of tiles in one raster": tileMosaic,
  "Life on a torus": lifeOnATorus,
  "an N-body simulation": nBody,
  "a number-theoretic transform": numberTheoreticTransform,
  "nearest neighbours": nearestNeighbours,
  "a bounding-volume tree": boundingVolumeTree,
  "a queue of jobs that are ranked anew": jobQueue,
  "a histogram by WebAssembly": wasmHistogram,
  argsort: argsorting,
  "group by": groupBy,
  "a median of 5×5 pixels": median,
  "a rolling window": rollingWindow,
  compaction,
  "Monte Carlo": monteCarlo,
  "a matrix product": matrixProduct,
  "a scan": scan,
};

const executors = {
  sequential: new ParallelExecutor({ strategy: "sequential" }),
  threads: new ParallelExecutor({ strategy: "threads", maxWorkers: 3 }),
  processes: new ParallelExecutor({ strategy: "processes", maxWorkers: 2 }),
  auto: new ParallelExecutor({ maxWorkers: 2 }),
};
afterAll(() => Promise.all(Object.values(executors).map((each) => each.shutdown())));

describe.each(Object.entries(WORKLOADS))("%s", (_, { run, loop, refusedBy = {} }) => {
  test.each(Object.entries(executors))("is what a plain loop gives (%s)", async (strategy, executor) => {
    const refusal = (refusedBy as Record<string, string>)[strategy];
    if (refusal === undefined) expect(plain(await run(executor))).toStrictEqual(plain(await loop()));
    else await expect(run(executor)).rejects.toThrow(refusal);
  });
});

/** Arrays on shared memory are told apart from others. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Float64Array).slice();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
