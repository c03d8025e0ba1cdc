/**
 * The S&P 500 with its rolling mean and a band of two rolling deviations (Bollinger's).
 *
 * Fast because a halo shows each chunk the days in front of it, in place: no chunk is copied, and none waits for the one before.
 */
import * as Plot from "@observablehq/plot";
import type { Executor } from "sharray";
import { closes } from "./data.js";
import { legend, type Picture, plot } from "./picture.js";

/** Mean and sample deviation of the last `window` elements; NaN where there are fewer. */
export function rolling(
  executor: Executor,
  x: Float64Array,
  window: number,
): Promise<Record<"mean" | "deviation", Float64Array<SharedArrayBuffer>>> {
  return executor.transformShared(
    x,
    { mean: Float64Array, deviation: Float64Array },
    (x, { mean, deviation }, { before }) => {
      // Sums of differences from one element, so that nothing is lost when all of them are large.
      const base = x[0]!;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < x.length; i++) {
        sum += x[i]! - base;
        squares += (x[i]! - base) ** 2;
        if (i >= window) {
          sum -= x[i - window]! - base;
          squares -= (x[i - window]! - base) ** 2;
        }
        if (i < before) continue;
        const isFull = i >= window - 1;
        mean[i - before] = isFull ? base + sum / window : Number.NaN;
        const variance = (squares - (sum * sum) / window) / (window - 1);
        deviation[i - before] = isFull ? Math.sqrt(Math.max(0, variance)) : Number.NaN;
      }
    },
    { halo: { before: window - 1 } },
  );
}

export default async function draw(executor: Executor): Promise<Picture> {
  const { dates, close } = closes();
  const { mean, deviation } = await rolling(executor, close, 20);
  const days = dates.map((date, i) => ({
    date,
    close: close[i]!,
    mean: mean[i]!,
    low: mean[i]! - 2 * deviation[i]!,
    high: mean[i]! + 2 * deviation[i]!,
  }));
  const within = days.filter(({ close, low, high }) => close >= low && close <= high).length;
  console.log(
    `${((100 * within) / (days.length - 19)).toFixed(1)} % of ${days.length} days are within the band`,
  );
  return plot({
    marginLeft: 50,
    x: { type: "utc" },
    y: { label: "S&P 500", grid: true },
    marks: [
      Plot.areaY(days.slice(-330), { x: "date", y1: "low", y2: "high", fill: "#4269d0", fillOpacity: 0.2 }),
      Plot.line(days.slice(-330), { x: "date", y: "mean", stroke: "#4269d0" }),
      Plot.line(days.slice(-330), { x: "date", y: "close", strokeWidth: 1 }),
      ...legend("top-left", { close: "black", "mean of 20 days \u00b1 2 deviations": "#4269d0" }),
    ],
  });
}
