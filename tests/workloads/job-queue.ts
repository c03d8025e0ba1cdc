/**
 * Tiles of a map under a view that moves on: those behind it are cancelled, the rest is ranked anew, again whenever some have come.
 */
import type { SingleJob } from "sharray";
import { numbers, type Workload } from "./workload.js";

const [TILES, SIZE] = [400, 64];
const heights = Float64Array.from(numbers(TILES * SIZE, 9000));
const tiles = Array.from({ length: TILES }, (_, tile) => tile);
const isBehind = (tile: number): boolean => tile < 0.6 * TILES;
const nearness = (tile: number, view: number): number => -Math.abs(tile - view);

function highest(heights: ArrayLike<number>, tile: number): number {
  let height = 0;
  for (let i = tile * SIZE; i < (tile + 1) * SIZE; i++) height = Math.max(height, heights[i]!);
  return height;
}

export const jobQueue: Workload = {
  async run(executor) {
    const shared = { heights: executor.share(heights) };
    const starts = executor.allocate(Int32Array, TILES);
    let [view, come] = [0.3 * TILES, 0];
    const jobs: SingleJob<number>[] = tiles.map((tile) =>
      executor.submit(
        tile,
        (tile, { heights, starts }) => {
          Atomics.add(starts, tile, 1);
          return highest(heights, tile);
        },
        { shared, writable: { starts }, priority: nearness(tile, view) },
      ),
    );
    const move = (to: number): void => {
      view = to;
      for (const [tile, job] of jobs.entries()) {
        if (isBehind(tile)) job.cancel();
        else job.priority = nearness(tile, view);
      }
    };
    move(0.7 * TILES);
    const results = await Promise.all(
      jobs.map(async (job) => {
        const height = await job.catch((reason: Error) => {
          if (reason.name !== "AbortError") throw reason;
          return reason.name;
        });
        come += 1;
        if (come % 50 === 0) move(view + 10);
        return height;
      }),
    );
    return { results, starts };
  },
  loop: () => ({
    results: tiles.map((tile) => (isBehind(tile) ? "AbortError" : highest(heights, tile))),
    starts: Int32Array.from(tiles, (tile) => (isBehind(tile) ? 0 : 1)),
  }),
  refusedBy: { processes: "as its tasks would each write to a copy" },
};
