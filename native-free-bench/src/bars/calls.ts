/** Duels over what a call costs beside its kernels. */
import { ParallelExecutor, type ParallelOptions } from "../../../dist/index.js";
import { WORKERS } from "../harness/cell.js";
import { checked, clock } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { postMessageEcho } from "../limits/echo.js";
import type { Duel } from "./duel.js";

export const THREADS = { strategy: "threads", maxWorkers: WORKERS, idleTimeout: 3_600_000 } as const;
export const CHILDREN = { ...THREADS, strategy: "processes" } as const;
const GB = 2 ** 30;
export const ITEMS = 100_000;

export const hotJob: Duel = {
  name: "Hot job of two tiny tasks",
  reference: "postMessage round trip",
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const echo = postMessageEcho();
    const job = clock("job", () => executor.map([0, 1], () => 0));
    const close = (): Promise<unknown> => Promise.all([executor.shutdown(), echo.close()]);
    return { contestants: [job, ...echo.contestants], close };
  },
  figures: (times) => ratiosOf(times, "job", "postMessage round trip"),
};

/** Where calls run. */
export type Place = Pick<ParallelOptions, "strategy" | "maxWorkers" | "idleTimeout">;

export const smallItems = (workers: number, place: Place = THREADS): Duel => ({
  name: `${ITEMS} small items through map, ${workers} workers`,
  reference: "loop",
  open: async () => {
    const executor = new ParallelExecutor({ ...place, maxWorkers: workers });
    const items = Array.from({ length: ITEMS }, (_, i) => i);
    const root = (item: number): number => Math.sqrt(item);
    const results = items.map(root);
    return {
      contestants: [
        checked("map", () => executor.map(items, root), results),
        checked("loop", () => items.map(root), results),
      ],
      close: () => executor.shutdown(),
    };
  },
  // What the kernels take is divided among the workers.
  figures: (times) => {
    const loop = times.get("loop") ?? [];
    return (times.get("map") ?? []).map((ms, i) => (1000 * (ms - (loop[i] as number) / workers)) / ITEMS);
  },
});

export const payloadSize = (place: Place = THREADS): Duel => ({
  name: "mapShared over shared arrays, empty kernel",
  reference: "1 KB",
  open: async () => {
    const executor = new ParallelExecutor(place);
    const contestant = (name: string, bytes: number) => {
      // Pages that nobody touches occupy no memory.
      const arrays = Array.from({ length: 8 }, () => new Float64Array(new SharedArrayBuffer(bytes / 8)));
      return clock(name, () => executor.mapShared(arrays, () => 0));
    };
    return {
      contestants: [contestant("1 GB", GB), contestant("1 KB", 1024)],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => ratiosOf(times, "1 GB", "1 KB"),
});
