/** Cross-validation over a grid of parameters: which bin width predicts a flight's delay best from its distance? */

import { type Candidate, type Grid, heldOutError } from "../kernels.js";
import type { FlightData } from "./flights.js";
import { concatenate, ranges, type Workload } from "./workload.js";

const WIDTHS = [10, 25, 50, 100, 200, 400, 800, 1600];
const GRID: Grid = { folds: 5, longest: 4962 };
const CANDIDATES: readonly Candidate[] = WIDTHS.flatMap((width) =>
  Array.from({ length: GRID.folds }, (_, fold) => ({ width, fold })),
);

export function grid({ shared, plain }: FlightData): Workload {
  const { delay, distance } = shared;
  return {
    payload: delay.byteLength + distance.byteLength,
    amount: CANDIDATES.length * delay.length,
    unit: "rows",
    async run(executor, options) {
      const call = { ...options, shared: { delay, distance }, args: GRID };
      return Float64Array.from(await executor.map(CANDIDATES, heldOutError, call));
    },
    explain: () => undefined,
    split: (workers) =>
      ranges(CANDIDATES.length, workers).map(([start, end]) => ({
        name: "grid",
        payload: {
          candidates: CANDIDATES.slice(start, end),
          delay: plain.delay,
          distance: plain.distance,
          args: GRID,
        },
      })),
    join: (parts) => concatenate(parts as Float64Array[], Float64Array),
    answer: (values) => {
      const errors = WIDTHS.map((_, i) => {
        const squares = [...values.subarray(i * GRID.folds, (i + 1) * GRID.folds)];
        return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / delay.length);
      });
      const best = errors.indexOf(Math.min(...errors));
      return {
        kind: "dots",
        caption: `Bins of ${WIDTHS[best]} miles predict best: error ${errors[best]!.toFixed(4)} minutes in ${GRID.folds} folds`,
        x: "bin width, miles",
        y: "root mean squared error, minutes",
        labels: WIDTHS.map(String),
        values: errors,
      };
    },
  };
}
