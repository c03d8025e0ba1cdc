/** A filter over an image: the engine writes the new pixels in place, each task some whole rows. */

import { convolve } from "../kernels.js";
import type { FilterName } from "../messages.js";
import { type Picture, previewOf } from "./picture.js";
import { concatenate, ranges, type Workload } from "./workload.js";

/** Rows per task. */
const ROWS = 16;

const RADIUS = 3;
const SIGMA = 1.6;

/** Where the weights are applied, row by row. */
const OFFSETS = square(2 * RADIUS + 1);
const blur = gaussian();
/** The pixel itself, and nothing of its neighbours. */
const itself = OFFSETS.map(([x, y]) => (x === 0 && y === 0 ? 1 : 0));

const FILTERS: Readonly<Record<FilterName, readonly number[]>> = {
  blur,
  /** What a pixel has more than its surroundings, once more on top of it. */
  sharpen: blur.map((weight, i) => 2.6 * itself[i]! - 1.6 * weight),
  /** Only what it has more, and much of that. */
  edges: blur.map((weight, i) => 20 * (itself[i]! - weight)),
};

export function image({ width, height, shared, plain }: Picture, filter: FilterName): Workload {
  const weights = Float64Array.from(FILTERS[filter]);
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

function square(side: number): [x: number, y: number][] {
  return Array.from({ length: side * side }, (_, i) => [
    (i % side) - (side - 1) / 2,
    Math.floor(i / side) - (side - 1) / 2,
  ]);
}

/** Weights that fall with the distance, and sum to 1. */
function gaussian(): number[] {
  const weights = OFFSETS.map(([x, y]) => Math.exp(-(x * x + y * y) / (2 * SIGMA * SIGMA)));
  const sum = weights.reduce((left, right) => left + right);
  return weights.map((weight) => weight / sum);
}
