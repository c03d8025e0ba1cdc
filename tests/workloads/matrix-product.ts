/** A product of two matrices, row by row of the first. */
import { numbers, type Workload } from "./workload.js";

const [ROWS, INNER, COLUMNS] = [60, 40, 50];
const a = Float64Array.from(numbers(ROWS * INNER, 1000), Math.sqrt);
const b = Float64Array.from(numbers(INNER * COLUMNS, 1000), Math.sqrt);

export const matrixProduct: Workload = {
  run: (executor) =>
    executor.transformShared(
      a,
      { type: Float64Array, per: COLUMNS },
      (a, out) => {
        for (let row = 0; row < a.length / INNER; row++) {
          for (let k = 0; k < INNER; k++) {
            const factor = a[row * INNER + k]!;
            for (let column = 0; column < COLUMNS; column++) {
              out[row * COLUMNS + column]! += factor * b[k * COLUMNS + column]!;
            }
          }
        }
      },
      { rowLength: INNER },
    ),
  loop: () =>
    Float64Array.from({ length: ROWS * COLUMNS }, (_, i) => {
      const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
      let sum = 0;
      for (let k = 0; k < INNER; k++) sum += a[row * INNER + k]! * b[k * COLUMNS + column]!;
      return sum;
    }),
};
