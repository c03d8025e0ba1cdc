/** Mean delay by hour of the day: columns in, a partial per chunk, combined in the order of the chunks. */

import { delaysByHour, HOURS } from "../kernels.js";
import type { FlightData } from "./flights.js";
import { ranges, type Values, type Workload } from "./workload.js";

export function hours({ shared, plain }: FlightData): Workload {
  const { hour, delay } = shared;
  const columns = { hour, delay };
  return {
    payload: hour.byteLength + delay.byteLength,
    amount: hour.length,
    unit: "rows",
    run: (executor, options) => executor.reduceShared(columns, delaysByHour, add, options),
    explain: (executor) => executor.explain(columns, delaysByHour),
    split: (workers) =>
      ranges(hour.length, workers).map(([start, end]) => ({
        name: "hours",
        // Of a view, its whole buffer would be cloned.
        payload: { hour: plain.hour.slice(start, end), delay: plain.delay.slice(start, end) },
      })),
    join: (parts) => (parts as Float64Array[]).reduce(add),
    answer: (totals: Values) => ({
      kind: "bars",
      caption: "Mean arrival delay by hour of the day",
      x: "hour",
      y: "minutes",
      labels: Array.from({ length: HOURS }, (_, at) => `${at}`),
      values: Array.from({ length: HOURS }, (_, at) => totals[HOURS + at]! / Math.max(1, totals[at]!)),
    }),
  };
}

function add(left: Float64Array, right: Float64Array): Float64Array {
  for (let i = 0; i < left.length; i += 1) left[i]! += right[i]!;
  return left;
}
