/** Turns results into aligned text. Nothing is computed here. */

import type { Entry } from "./ledger.js";
import type { Interval, Summary } from "./statistics.js";

/** One line per distance band, and a last one over all flights. */
export function bandTable(bands: readonly (readonly [label: string, summary: Summary])[]): string {
  return table(
    ["miles", "flights", "mean", "std. dev.", "median", "95th perc."],
    bands.map(([label, { count, mean, deviation, median, p95 }]) => [
      label,
      count.toLocaleString("en-US"),
      fixed(mean, 3),
      fixed(deviation, 3),
      fixed(median, 1),
      fixed(p95, 1),
    ]),
  );
}

export function intervalTable(intervals: readonly (readonly [label: string, interval: Interval])[]): string {
  return table(
    ["minutes", "estimate", "from", "to"],
    intervals.map(([label, { estimate, low, high }]) => [
      label,
      fixed(estimate, 4),
      fixed(low, 4),
      fixed(high, 4),
    ]),
  );
}

/** What each call of the executor did, as its telemetry told. */
export function costTable(entries: readonly Entry[]): string {
  return table(
    ["step", "items", "strategy", "workers", "time", "placed", "shared", "metadata"],
    entries.map((entry) => [
      entry.step,
      entry.items.toLocaleString("en-US"),
      entry.strategy,
      String(entry.workers),
      time(entry.duration),
      bytes(entry.bytesPlaced),
      bytes(entry.bytesShared),
      bytes(entry.metadataBytes),
    ]),
  );
}

/** The bootstrap as it was planned against the same bootstrap run sequentially. */
export function comparison(planned: Entry, sequential: Entry): string {
  const { strategy, workers } = planned;
  const how = strategy === "sequential" ? "sequentially" : `on ${workers} worker${workers === 1 ? "" : "s"}`;
  const speedUp = (sequential.duration / planned.duration).toFixed(2);
  return [
    `Bootstrap ${how}: ${time(planned.duration)}`,
    `The same sequentially: ${time(sequential.duration)}, results equal bit for bit`,
    `Speed-up: ${speedUp}`,
  ].join("\n");
}

function time(duration: number): string {
  return duration < 1000 ? `${duration.toFixed(1)} ms` : `${(duration / 1000).toFixed(2)} s`;
}

/** NaN stands for "not defined", as the mean of no flights. */
export function fixed(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

/** Decimal units; below 10 kB to the byte, for there every byte is a message's. */
function bytes(count: number): string {
  if (count < 10_000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** The first column reads as text, left-aligned; the others as numbers, right-aligned. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")}`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(header), rule, ...rows.map(line)].join("\n");
}
