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

/** A figure with its spread. */
export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
}

export function summarise(values: readonly number[]): Summary {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** Round by round, so that what slows a whole round down leaves the quotient alone. */
export function pairedRatios(values: readonly number[], references: readonly number[]): number[] {
  return values.slice(0, references.length).map((value, round) => value / (references[round] ?? Number.NaN));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below === above ? below : below + (above - below) * (place - Math.floor(place));
}
