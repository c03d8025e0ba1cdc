/**
 * A module kernel: workers import this file and look the kernel up by its name. So unlike an inline kernel it may use
 * imports and helpers of its module, and it stays an ordinary function here: `resample(1, { delay }, context)`.
 */

import { defineKernel, type KernelContext, type ReadOnly } from "sharray";
import { histogramQuantile } from "./statistics.js";

/** Where the histogram of delays begins, and how many minutes it spans. */
export interface Bins {
  readonly low: number;
  readonly bins: number;
}

export interface Resampled {
  readonly mean: number;
  readonly p95: number;
}

/**
 * One bootstrap resample: as many delays as there are, drawn with replacement, then their mean and 95th percentile.
 * Only the seed tells two tasks apart, so whichever worker runs a task, the digits are the same.
 *
 * The draws go into a counting histogram rather than an array: no allocation per draw, no sort, and both statistics
 * follow exactly from the counts.
 */
export const resample = defineKernel(
  import.meta.url,
  "resample",
  (
    seed: number,
    { delay }: { readonly delay: ReadOnly<Int16Array> },
    { args }: Pick<KernelContext<Bins>, "args">,
  ): Resampled => {
    const { low, bins } = args;
    const counts = new Uint32Array(bins);
    const length = delay.length;
    // A 32-bit number times length / 2^32 is an index. Some rows are likelier than others, by at most length / 2^32,
    // below 0.07% here (Lemire, "Fast Random Integer Generation in an Interval", 2019, removes even that).
    const scale = length / 2 ** 32;

    // sfc32, the small fast counting generator of Chris Doty-Humphrey's PractRand (public domain), seeded as there.
    // Written out where it is used, with its state in local variables: this loop is the whole cost of the example.
    let a = 0;
    let b = seed | 0;
    let c = 0;
    let counter = 1;
    const warmUp = 12;
    for (let i = -warmUp; i < length; i += 1) {
      const random = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + random) | 0;
      if (i >= 0) counts[delay[Math.floor((random >>> 0) * scale)]! - low]! += 1;
    }

    let sum = 0;
    for (let i = 0; i < bins; i += 1) sum += counts[i]! * (low + i);
    return { mean: sum / length, p95: histogramQuantile({ counts, low }, length, 0.95) };
  },
);
