/**
 * What tells how far a car goes? A feature matters as much as a model errs without it: its column is shuffled, again and again, and
 * the error compared. For a linear model the answer is known: twice the variance of what the feature adds.
 *
 * Fast because the columns lie in shared memory once, however many tasks shuffle them: a task is sent one number, and writes one.
 */
import * as Plot from "@observablehq/plot";
import type { Executor } from "sharray";
import { cars } from "./data.js";
import { legend, type Picture, plot } from "./picture.js";

/** Least squares: what each feature adds per unit, behind the intercept. */
export function leastSquares(features: readonly Float64Array[], y: Float64Array): number[] {
  const columns = [new Float64Array(y.length).fill(1), ...features];
  const dot = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, k) => sum + value * b[k]!, 0);
  // Gauss and Jordan's elimination of the normal equations.
  const rows = columns.map((a) => [...columns.map((b) => dot(a, b)), dot(a, y)]);
  for (const [i, row] of rows.entries()) {
    const pivot = row[i]!;
    for (let j = 0; j < row.length; j++) row[j]! /= pivot;
    for (const other of rows) {
      const factor = other[i]!;
      if (other !== row) for (let j = 0; j < row.length; j++) other[j]! -= factor * row[j]!;
    }
  }
  return rows.map((row) => row.at(-1)!);
}

/** By how much the mean squared error grows: a row of `repeats` figures for each feature. */
export async function permutationImportance(
  executor: Executor,
  features: readonly Float64Array[],
  y: Float64Array,
  repeats: number,
): Promise<Float64Array[]> {
  const weights = leastSquares(features, y);
  const n = y.length;
  const predict = (row: number, shuffled?: number, from = row): number => {
    let sum = weights[0]!;
    for (let f = 0; f < features.length; f++)
      sum += weights[f + 1]! * features[f]![f === shuffled ? from : row]!;
    return sum;
  };
  const tasks = features.length * repeats;
  const growth = await executor.transformShared(
    tasks,
    Float64Array,
    (_, out, { start, end, rng, scratch }) => {
      const order = scratch(Uint32Array, n);
      for (let task = start; task < end; task++) {
        const feature = Math.floor(task / repeats);
        // Fisher and Yates's shuffle.
        for (let i = 0; i < n; i++) {
          const j = Math.floor((i + 1) * rng(n * task + i));
          order[i] = order[j]!;
          order[j] = i;
        }
        let sum = 0;
        for (let i = 0; i < n; i++) {
          sum += (y[i]! - predict(i, feature, order[i])) ** 2 - (y[i]! - predict(i)) ** 2;
        }
        out[task - start] = sum / n;
      }
    },
  );
  return features.map((_, f) => growth.slice(f * repeats, (f + 1) * repeats));
}

/** The mean over all shuffles of what each feature's adds to the error of a least-squares model. */
export function closedForm(features: readonly Float64Array[], y: Float64Array): number[] {
  const [, ...weights] = leastSquares(features, y);
  return features.map((column, f) => {
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
    return 2 * weights[f]! ** 2 * variance;
  });
}

export default async function draw(executor: Executor): Promise<Picture> {
  const { mpg, features } = cars();
  const names = Object.keys(features);
  const growth = await permutationImportance(executor, Object.values(features), mpg, 500);
  const exact = closedForm(Object.values(features), mpg);
  const bars = names.map((name, f) => {
    const sorted = growth[f]!.toSorted();
    return { name, exact: exact[f]!, low: sorted[12]!, median: sorted[250]!, high: sorted[487]! };
  });
  for (const { name, median, exact } of bars) {
    console.log(`${name}: ${median.toFixed(2)}, by the closed form ${exact.toFixed(2)}`);
  }
  return plot({
    marginLeft: 90,
    x: { label: "growth of the squared error, in (miles per gallon)²", grid: true },
    y: { label: null, domain: bars.toSorted((a, b) => b.exact - a.exact).map(({ name }) => name) },
    marks: [
      Plot.barX(bars, { y: "name", x: "median", fill: "#4269d0", fillOpacity: 0.6 }),
      Plot.ruleY(bars, { y: "name", x1: "low", x2: "high" }),
      Plot.tickX(bars, { y: "name", x: "exact", stroke: "#ff725c", strokeWidth: 2 }),
      ...legend("bottom-right", {
        "median of 500 shuffles": "#4269d0",
        "line: 95 % of them": "black",
        "closed form": "#ff725c",
      }),
    ],
  });
}
