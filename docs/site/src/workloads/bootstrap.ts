/** Bootstrap of the mean delay: many small items over one heavy column that every task sees whole. */

import { percentileInterval } from "../../../examples/flights/statistics.js";
import { resample } from "../kernels.js";
import type { FlightData } from "./flights.js";
import { concatenate, ranges, type Values, type Workload } from "./workload.js";

/** Bars of the histogram of resampled means. */
const BARS = 16;

export function bootstrap({ shared: { delay }, plain }: FlightData, resamples: number): Workload {
  const seeds = Array.from({ length: resamples }, (_, i) => i + 1);
  const args = binsOf(plain.delay);
  return {
    payload: delay.byteLength,
    amount: resamples * delay.length,
    unit: "draws",
    async run(executor, options) {
      const resampled = await executor.map(seeds, resample, { ...options, shared: { delay }, args });
      return Float64Array.from(resampled.flatMap(({ mean, p95 }) => [mean, p95]));
    },
    explain: () => undefined,
    split: (workers) =>
      ranges(resamples, workers).map(([start, end]) => ({
        name: "bootstrap",
        payload: { seeds: seeds.slice(start, end), delay: plain.delay, args },
      })),
    join: (parts) => concatenate(parts as Float64Array[], Float64Array),
    answer: (values) => histogram(values, plain.delay),
  };
}

function histogram(values: Values, delay: Int16Array) {
  const means = Array.from({ length: values.length / 2 }, (_, i) => values[2 * i]!);
  const mean = delay.reduce((sum, minutes) => sum + minutes, 0) / delay.length;
  const interval = percentileInterval(mean, means);
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const width = (most - least) / BARS || 1;
  const counts = new Array<number>(BARS).fill(0);
  for (const value of means) counts[Math.min(BARS - 1, Math.floor((value - least) / width))]! += 1;
  const [low, high] = [interval.low.toFixed(3), interval.high.toFixed(3)];
  return {
    kind: "bars",
    caption: `Mean delay ${mean.toFixed(3)} minutes, 95% confidence interval ${low} to ${high}`,
    x: "resampled mean, minutes",
    y: "resamples",
    labels: counts.map((_, i) => (least + (i + 0.5) * width).toFixed(3)),
    values: counts,
  } as const;
}

/** Where the histogram of delays begins, and how many minutes it spans. */
function binsOf(delay: Int16Array): { low: number; bins: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const minutes of delay) {
    if (minutes < low) low = minutes;
    if (minutes > high) high = minutes;
  }
  return { low, bins: high - low + 1 };
}
