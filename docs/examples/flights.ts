/**
 * The delays of 3,000,000 flights: statistics by distance, bootstrap confidence intervals, standardised columns.
 * Run it with `npm start`, and `npm start -- --help` for its options.
 *
 * The flights are read into shared memory once. Every step below works on that memory where it is: what travels to the
 * workers is a descriptor of a few hundred bytes, as the table at the end shows.
 */

import { type Executor, ParallelExecutor } from "sharray";
import { type Resampled, resample } from "./flights/kernels.js";
import { createLedger } from "./flights/ledger.js";
import { HELP, type Options, parseOptions, UsageError } from "./flights/options.js";
import { startProgress } from "./flights/progress.js";
import { readFlights } from "./flights/read-flights.js";
import { bandTable, comparison, costTable, fixed, intervalTable } from "./flights/report.js";
import {
  mergeHistograms,
  percentileInterval,
  splitHistograms,
  standardDeviation,
  summarise,
} from "./flights/statistics.js";

/** Where one distance band ends and the next begins, in miles. */
const BAND_EDGES = [250, 500, 750, 1000, 1500, 2500];

async function main({ rows, resamples, workers, strategy, cluster }: Options): Promise<void> {
  const ledger = createLedger();
  // At need, because it wants optional peers.
  const { startLocalCluster } = cluster ? await import("./flights/local-cluster.js") : {};
  await using local = await startLocalCluster?.(ledger.telemetry);
  await using executor = new ParallelExecutor({
    strategy,
    ...(workers !== undefined && { maxWorkers: workers }),
    telemetry: ledger.telemetry,
  });

  const { delay, distance } = await readFlights(executor, rows);

  // A list of arrays: one task per array, one result per array. The sums of whole numbers are exact.
  const [delays, distances] = await ledger.record("ranges and sums", () =>
    executor.mapShared([delay, distance], (column) => {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      let sum = 0;
      let sumOfSquares = 0;
      for (let i = 0; i < column.length; i += 1) {
        const value = column[i]!;
        if (value < low) low = value;
        if (value > high) high = value;
        sum += value;
        sumOfSquares += value * value;
      }
      return { low, high, sum, sumOfSquares };
    }),
  );

  // Columns, one task per chunk of rows. Delays are whole minutes, so counting them per band gives exact quantiles.
  // `combine` runs here, in the order of the chunks. What an inline kernel needs from outside goes through `args`.
  const bins = delays.high - delays.low + 1;
  const histograms = await ledger.record("delays by band", () =>
    executor.reduceShared(
      { delay, distance },
      ({ delay, distance }, { args: { low, bins, edges } }) => {
        const counts = new Uint32Array(bins * (edges.length + 1));
        for (let i = 0; i < delay.length; i += 1) {
          let band = 0;
          while (band < edges.length && distance[i]! >= edges[band]!) band += 1;
          counts[band * bins + delay[i]! - low]! += 1;
        }
        return counts;
      },
      (left, right) => {
        for (let i = 0; i < left.length; i += 1) left[i]! += right[i]!;
        return left;
      },
      { args: { low: delays.low, bins, edges: BAND_EDGES } },
    ),
  );

  // A heavy shared column under many small tasks: each item is a seed. The kernel lives in a module of its own.
  const seeds = Array.from({ length: resamples }, (_, i) => i + 1);
  const bootstrap = async (
    label: string,
    on: Executor,
    options: { strategy?: "sequential" } = {},
  ): Promise<Resampled[]> => {
    const progress = startProgress(label, resamples, "resamples");
    const resampled = await ledger.record(label, () =>
      on.map(seeds, resample, {
        ...options,
        shared: { delay },
        args: { low: delays.low, bins },
        onProgress: ({ completed }) => progress.update(completed),
      }),
    );
    progress.stop();
    return resampled;
  };
  // Of a module kernel, the other machines of a cluster can run it as well.
  const resampled = await bootstrap("bootstrap", local?.executor ?? executor);

  // Columns in, columns out: the workers write the new columns in place.
  const scales = { delay: scaleOf(rows, delays), distance: scaleOf(rows, distances) };
  const standard = await ledger.record("standardise", () =>
    executor.transformShared(
      { delay, distance },
      { delay: Float64Array, distance: Float64Array },
      ({ delay, distance }, out, { args }) => {
        for (let i = 0; i < delay.length; i += 1) {
          out.delay[i] = (delay[i]! - args.delay.mean) / args.delay.deviation;
          out.distance[i] = (distance[i]! - args.distance.mean) / args.distance.deviation;
        }
      },
      { args: scales },
    ),
  );

  // The new columns are shared already. Sums of fractions round, but always in the same order: the same last digit.
  const products = await ledger.record("correlation", () =>
    executor.reduceShared(
      standard,
      ({ delay, distance }) => {
        let sum = 0;
        for (let i = 0; i < delay.length; i += 1) sum += delay[i]! * distance[i]!;
        return sum;
      },
      (left, right) => left + right,
    ),
  );

  const bands = splitHistograms(histograms, bins, delays.low);
  const overall = summarise(mergeHistograms(bands));
  const means = resampled.map(({ mean }) => mean);
  const p95s = resampled.map(({ p95 }) => p95);
  console.log(`
Arrival delay in minutes, by distance flown in miles

${bandTable([...bands.map((band, i) => [bandLabel(i), summarise(band)] as const), ["all", overall]])}

95% confidence intervals over all flights, from ${resamples.toLocaleString("en-US")} bootstrap resamples

${intervalTable([
  ["mean delay", percentileInterval(overall.mean, means)],
  ["95th percentile", percentileInterval(overall.p95, p95s)],
])}

Delays are whole minutes, so a percentile of many flights hardly ever moves.

Correlation of delay and distance, from the standardised columns: ${fixed(products / (rows - 1), 6)}
`);

  const repeated = await bootstrap("bootstrap again", executor, { strategy: "sequential" });
  const differing = seeds.findIndex(
    (_, i) =>
      !Object.is(resampled[i]!.mean, repeated[i]!.mean) || !Object.is(resampled[i]!.p95, repeated[i]!.p95),
  );
  console.log(`
What each call cost

${costTable(ledger.entries)}

  placed: copied into shared memory; shared: used where it is, without a copy;
  metadata: all that was sent to the workers
`);
  if (differing !== -1) {
    console.error(`The sequential repeat of the bootstrap differs, first in resample ${differing}.`);
    process.exitCode = 1;
    return;
  }
  console.log(comparison(ledger.entry("bootstrap"), ledger.entry("bootstrap again")));
}

/** What standardising a column takes. */
function scaleOf(count: number, { sum, sumOfSquares }: { sum: number; sumOfSquares: number }) {
  return { mean: sum / count, deviation: standardDeviation(count, sum, sumOfSquares) };
}

function bandLabel(band: number): string {
  const [from, to] = [BAND_EDGES[band - 1], BAND_EDGES[band]];
  if (from === undefined) return `below ${to}`;
  return to === undefined ? `${from} and more` : `${from} to ${to - 1}`;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") console.log(HELP);
  else await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`flights: ${error.message}`);
  process.exitCode = 2;
}
