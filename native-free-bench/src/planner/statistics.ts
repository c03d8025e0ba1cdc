export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The same thing measured twice: medians of even and odd rounds, the larger over the smaller. */
export function splitHalf(values: readonly number[]): number {
  const even = median(values.filter((_, i) => i % 2 === 0));
  const odd = median(values.filter((_, i) => i % 2 === 1));
  return Math.max(even, odd) / Math.min(even, odd);
}
