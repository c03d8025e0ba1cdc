/** Figures as people read them. */

export function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toPrecision(3)} s`;
  if (value >= 100) return `${value.toFixed(0)} ms`;
  if (value >= 1) return `${value.toFixed(1)} ms`;
  return `${value.toFixed(value === 0 ? 0 : 2)} ms`;
}

export function bytes(value: number): string {
  return value < 1000 ? `${value} bytes` : `${short(value)}B`;
}

/** With a decimal prefix: 1.5 M. */
export function short(value: number): string {
  const power = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const scaled = value / 1000 ** power;
  return `${scaled >= 100 || power === 0 ? scaled.toFixed(0) : scaled.toPrecision(3)} ${["", "k", "M", "G"][power]}`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
