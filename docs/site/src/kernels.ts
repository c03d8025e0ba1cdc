/** The kernels of this page. Workers of both kinds of pool have this module in their bundle. */

import { defineKernel, type KernelContext, type ReadOnly } from "sharray";

export { resample } from "../../examples/flights/kernels.js";

export const HOURS = 24;

/** Flights and minutes of delay per hour of the day: 24 counts, then 24 sums. Whole numbers, so exact in any order. */
export const delaysByHour = defineKernel(
  import.meta.url,
  "delaysByHour",
  ({ hour, delay }: { hour: ReadOnly<Uint8Array>; delay: ReadOnly<Int16Array> }): Float64Array => {
    const totals = new Float64Array(2 * HOURS);
    for (let i = 0; i < hour.length; i += 1) {
      const at = hour[i]!;
      totals[at]! += 1;
      totals[HOURS + at]! += delay[i]!;
    }
    return totals;
  },
);

export interface Candidate {
  /** Miles that one bin of distances spans. */
  readonly width: number;
  /** Which of the folds is held out. */
  readonly fold: number;
}

export interface Grid {
  readonly folds: number;
  /** Miles; no flight is longer. */
  readonly longest: number;
}

/**
 * One cell of a cross-validated grid: predicts the delay of the rows held out by the mean of the other rows in the same
 * bin of distances. @returns the sum of squared errors
 */
export const heldOutError = defineKernel(
  import.meta.url,
  "heldOutError",
  (
    { width, fold }: Candidate,
    { delay, distance }: { delay: ReadOnly<Int16Array>; distance: ReadOnly<Int16Array> },
    { args: { folds, longest } }: Pick<KernelContext<Grid>, "args">,
  ): number => {
    const bins = Math.floor(longest / width) + 1;
    const counts = new Float64Array(bins);
    const sums = new Float64Array(bins);
    for (let i = 0; i < delay.length; i += 1) {
      if (i % folds === fold) continue;
      const bin = Math.floor(distance[i]! / width);
      counts[bin]! += 1;
      sums[bin]! += delay[i]!;
    }
    let squares = 0;
    for (let i = fold; i < delay.length; i += folds) {
      const bin = Math.floor(distance[i]! / width);
      const mean = counts[bin] === 0 ? 0 : sums[bin]! / counts[bin]!;
      squares += (delay[i]! - mean) ** 2;
    }
    return squares;
  },
);

export interface Convolution {
  /** Four bytes per pixel, rows one after another. */
  readonly pixels: Uint32Array;
  readonly width: number;
  /** A square of odd side, row by row. */
  readonly weights: Float64Array;
}

/** Convolves whole rows of an image with a square of weights; beyond its edges the image repeats its last pixels. */
export const convolve = defineKernel(
  import.meta.url,
  "convolve",
  (
    _rows: ReadOnly<Uint32Array>,
    out: Uint32Array,
    { start, args: { pixels, width, weights } }: Pick<KernelContext<Convolution>, "start" | "args">,
  ): void => {
    const side = Math.sqrt(weights.length);
    const radius = (side - 1) / 2;
    const lastRow = pixels.length / width - 1;
    const firstRow = start / width;
    const [red, green, blue] = [0, 8, 16];
    for (let i = 0; i < out.length; i += 1) {
      const x = i % width;
      const y = firstRow + (i - x) / width;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let ky = 0; ky < side; ky += 1) {
        const row = Math.min(lastRow, Math.max(0, y + ky - radius)) * width;
        for (let kx = 0; kx < side; kx += 1) {
          const pixel = pixels[row + Math.min(width - 1, Math.max(0, x + kx - radius))]!;
          const weight = weights[ky * side + kx]!;
          r += weight * ((pixel >>> red) & 255);
          g += weight * ((pixel >>> green) & 255);
          b += weight * ((pixel >>> blue) & 255);
        }
      }
      out[i] = channel(r) | (channel(g) << green) | (channel(b) << blue) | (255 << 24);
    }
  },
);

function channel(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
}
