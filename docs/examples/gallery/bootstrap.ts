/**
 * How sure is a correlation of 15 schools? A bootstrap draws 15 of them, again and again, with replacement. Data and reference:
 * Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), tables 3.1 and 6.1.
 *
 * Fast because a draw follows from its number: any worker makes any sample, and writes its correlation into one shared column.
 */
import * as Plot from "@observablehq/plot";
import type { Executor } from "sharray";
import { legend, type Picture, plot } from "./picture.js";

/** Mean admission test score and mean grade of the students of 15 American law schools. */
export const SCHOOLS = {
  test: Float64Array.of(576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594),
  grade: Float64Array.of(
    3.39,
    3.3,
    2.81,
    3.03,
    3.44,
    3.07,
    3.0,
    3.43,
    3.36,
    3.13,
    3.12,
    2.74,
    2.76,
    2.88,
    2.96,
  ),
};

/** Pearson's, of the pairs that `pick` names. */
export function correlation(
  x: Readonly<Float64Array>,
  y: Readonly<Float64Array>,
  pick: (k: number) => number = (k) => k,
): number {
  let sx = 0;
  let sy = 0;
  let sxx = 0;
  let syy = 0;
  let sxy = 0;
  for (let k = 0; k < x.length; k++) {
    const i = pick(k);
    sx += x[i]!;
    sy += y[i]!;
    sxx += x[i]! ** 2;
    syy += y[i]! ** 2;
    sxy += x[i]! * y[i]!;
  }
  const n = x.length;
  return (n * sxy - sx * sy) / Math.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
}

/** The correlations of `samples` samples. */
export function bootstrap(
  executor: Executor,
  { test, grade }: { test: Float64Array; grade: Float64Array },
  samples: number,
): Promise<Float64Array<SharedArrayBuffer>> {
  const n = test.length;
  return executor.transformShared(samples, Float64Array, (_, out, { start, end, rng }) => {
    for (let sample = start; sample < end; sample++) {
      out[sample - start] = correlation(test, grade, (k) => Math.floor(n * rng(n * sample + k)));
    }
  });
}

export function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

export default async function draw(executor: Executor): Promise<Picture> {
  const correlations = (await bootstrap(executor, SCHOOLS, 100_000)).slice().sort();
  const observed = correlation(SCHOOLS.test, SCHOOLS.grade);
  const [low, high] = [correlations[2_500]!, correlations[97_500]!];
  console.log(
    `Correlation ${observed.toFixed(3)}, standard error ${deviation(correlations).toFixed(3)}, ` +
      `95 % between ${low.toFixed(2)} and ${high.toFixed(2)}`,
  );
  return plot({
    x: { label: "correlation of test score and grade", domain: [0, 1] },
    y: { label: "samples", grid: true },
    marks: [
      Plot.rectY(
        correlations,
        Plot.binX<Plot.RectYOptions>({ y: "count" }, { x: Plot.identity, thresholds: 60, fill: "#4269d0" }),
      ),
      Plot.ruleX([observed], { stroke: "#ff725c", strokeWidth: 2 }),
      Plot.ruleX([low, high], { stroke: "#ff725c", strokeDasharray: "4" }),
      Plot.ruleY([0]),
      ...legend("top-left", {
        samples: "#4269d0",
        "the schools themselves": "#ff725c",
        "dashed: 95 % of samples": "#ff725c",
      }),
    ],
  });
}
