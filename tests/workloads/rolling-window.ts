/** Mean and deviation of a rolling window, as in the gallery. */
import { rolling } from "../../docs/examples/gallery/rolling-statistics.js";
import { numbers, type Workload } from "./workload.js";

/** Whole numbers and a power of two: sums are exact, in whichever way they are made. */
const WINDOW = 64;
const x = Float64Array.from(numbers(5000, 1000));

export const rollingWindow: Workload = {
  run: (executor) => rolling(executor, x, WINDOW),
  loop() {
    const mean = new Float64Array(x.length).fill(Number.NaN);
    const deviation = mean.slice();
    for (let i = WINDOW - 1; i < x.length; i++) {
      const window = x.subarray(i - WINDOW + 1, i + 1);
      mean[i] = window.reduce((sum, value) => sum + value, 0) / WINDOW;
      const squares = window.reduce((sum, value) => sum + (value - mean[i]!) ** 2, 0);
      deviation[i] = Math.sqrt(squares / (WINDOW - 1));
    }
    return { mean, deviation };
  },
};
