/** A filter over an image: the engine writes the new pixels in place, each task some whole rows. */

import type { Kernels } from "../kernels.js";
import type { FilterName } from "../messages.js";
import { type Picture, previewOf } from "./picture.js";
import { concatenate, ranges, type Workload } from "./workload.js";

/** Rows per task. */
const ROWS = 16;

/** Squares of weights that are applied at once: their size is their cost. */
const FILTERS: Readonly<Record<FilterName, (x: number, y: number) => number>> = {
  blur: (x, y) => gauss(x, y),
  /** The pixel once more, less its blurred surroundings. */
  sharpen: (x, y) => (x === 0 && y === 0 ? 2.6 : 0) - 1.6 * gauss(x, y),
  /** The pixel less its surroundings. */
  edges: (x, y) => 20 * ((x === 0 && y === 0 ? 1 : 0) - gauss(x, y)),
};
const RADIUS = 3;
const SIGMA = 1.6;

export function image(
  { convolve }: Kernels,
  { width, height, shared, plain }: Picture,
  filter: FilterName,
): Workload {
  const weights = weightsOf(FILTERS[filter]);
  return {
    payload: shared.byteLength,
    amount: shared.length,
    unit: "pixels",
    run: (executor, options) =>
      executor.transformShared(shared, Uint32Array, convolve, {
        ...options,
        chunkSize: ROWS * width,
        args: { pixels: shared, width, weights },
      }),
    explain: () => undefined,
    split: (workers) =>
      ranges(height, workers).map(([start, end]) => {
        // The rows around a band are sent with it.
        const first = Math.max(0, start - RADIUS);
        const pixels = plain.slice(first * width, Math.min(height, end + RADIUS) * width);
        return {
          name: "image",
          payload: {
            start: (start - first) * width,
            length: (end - start) * width,
            args: { pixels, width, weights },
          },
        };
      }),
    join: (parts) => concatenate(parts as Uint32Array[], Uint32Array),
    answer: async (pixels) => ({
      kind: "image",
      bitmap: await previewOf(pixels as Uint32Array, width),
      caption: `The result: ${width} × ${height} pixels, ${filter}`,
    }),
  };
}

function gauss(x: number, y: number): number {
  return Math.exp(-(x * x + y * y) / (2 * SIGMA * SIGMA)) / GAUSS_SUM;
}

function weightsOf(filter: (x: number, y: number) => number): Float64Array {
  return Float64Array.from(offsets(), ([x, y]) => filter(x, y));
}

function offsets(): [x: number, y: number][] {
  const side = 2 * RADIUS + 1;
  return Array.from({ length: side * side }, (_, i) => [(i % side) - RADIUS, Math.floor(i / side) - RADIUS]);
}

const GAUSS_SUM = offsets().reduce((sum, [x, y]) => sum + Math.exp(-(x * x + y * y) / (2 * SIGMA * SIGMA)), 0);
