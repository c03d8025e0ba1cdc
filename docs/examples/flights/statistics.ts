/** Small statistics over counts and exact sums. Pure functions: no sharray here. */

/** A histogram of whole numbers: `counts[i]` is how often the value `low + i` occurs. */
export interface Histogram {
  readonly counts: Uint32Array;
  readonly low: number;
}

/** Cuts one array of counts that holds several histograms, one after another. */
export function splitHistograms(counts: Uint32Array, bins: number, low: number): Histogram[] {
  return Array.from({ length: counts.length / bins }, (_, i) => ({
    counts: counts.subarray(i * bins, (i + 1) * bins),
    low,
  }));
}

/** The histogram of all values of several histograms that begin and end at the same values. */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const { counts: first, low } = histograms[0]!;
  const counts = first.map((_, bin) =>
    histograms.reduce((sum, histogram) => sum + histogram.counts[bin]!, 0),
  );
  return { counts, low };
}

export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly median: number;
  readonly p95: number;
}

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** All five statistics of whole numbers follow exactly from their histogram. Without any value they are NaN. */
export function summarise(histogram: Histogram): Summary {
  const { counts, low } = histogram;
  let count = 0;
  let sum = 0;
  let sumOfSquares = 0;
  for (let i = 0; i < counts.length; i += 1) {
    const times = counts[i]!;
    const value = low + i;
    count += times;
    sum += times * value;
    sumOfSquares += times * value * value;
  }
  return {
    count,
    mean: sum / count,
    deviation: standardDeviation(count, sum, sumOfSquares),
    median: histogramQuantile(histogram, count, 0.5),
    p95: histogramQuantile(histogram, count, 0.95),
  };
}

/**
 * Sample standard deviation from sums of whole numbers: sqrt((n Σx² - (Σx)²) / (n (n - 1))).
 * In floating point this textbook formula cancels badly (Chan, Golub & LeVeque, The American Statistician 37(3), 1983,
 * 242-247). Here it does not: the sums are integers below 2^53, the difference is taken exactly, and only the final
 * division and root round.
 */
export function standardDeviation(count: number, sum: number, sumOfSquares: number): number {
  if (count < 2) return Number.NaN;
  const difference = BigInt(count) * BigInt(sumOfSquares) - BigInt(sum) ** 2n;
  return Math.sqrt(Number(difference) / (count * (count - 1)));
}

/**
 * Quantile by linear interpolation between the two nearest values in order: type 7 of Hyndman & Fan, "Sample
 * Quantiles in Statistical Packages", The American Statistician 50(4), 1996, 361-365; the default of NumPy and R.
 * No sorting: walking the counts finds the value at any position.
 */
export function histogramQuantile({ counts, low }: Histogram, count: number, probability: number): number {
  if (count === 0) return Number.NaN;
  const position = (count - 1) * probability;
  const before = Math.floor(position);
  let bin = 0;
  let passed = counts[0]!;
  while (passed <= before) passed += counts[++bin]!;
  const lower = low + bin;
  while (passed <= Math.ceil(position)) passed += counts[++bin]!;
  const upper = low + bin;
  return lower + (position - before) * (upper - lower);
}

/** The percentile method: the 2.5% and 97.5% quantiles of the resampled statistic (Efron & Tibshirani 1993, ch. 13). */
export function percentileInterval(estimate: number, resampled: readonly number[]): Interval {
  const sorted = Float64Array.from(resampled).sort();
  return { estimate, low: sortedQuantile(sorted, 0.025), high: sortedQuantile(sorted, 0.975) };
}

function sortedQuantile(sorted: Float64Array, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const lower = sorted[Math.floor(position)]!;
  const upper = sorted[Math.ceil(position)]!;
  return lower + (position - Math.floor(position)) * (upper - lower);
}
