/** How a cost grows: a fixed part and a part per unit, fitted to measured points. */

export interface Point {
  readonly x: number;
  readonly us: number;
}

export interface Growth {
  readonly fixed: number;
  readonly perUnit: number;
  /** The largest factor between a point and the line. */
  readonly worst: number;
  /** Slope on logarithmic axes from the middle of the range to its end: 0 is constant, 1 is proportional. */
  readonly exponent: number;
}

/** Least squares of relative errors, so that points of every size count the same. Neither part is negative. */
export function fit(points: readonly Point[]): Growth {
  const both = solve(points);
  const least = Math.min(...points.map(({ us }) => us));
  const line =
    both.perUnit < 0
      ? { fixed: weightedMean(points, () => 1), perUnit: 0 }
      : both.fixed < 0
        ? { fixed: 0, perUnit: weightedMean(points, ({ x }) => x) }
        : both;
  const factors = points.map((point) => {
    const quotient = point.us / Math.max(at(line, point.x), least / 1e6);
    return Math.max(quotient, 1 / quotient);
  });
  const last = points.at(-1) as Point;
  const middle = points[points.length >> 1] as Point;
  return {
    ...line,
    worst: Math.max(...factors),
    exponent: Math.log(last.us / middle.us) / Math.log(last.x / middle.x),
  };
}

export function at({ fixed, perUnit }: Pick<Growth, "fixed" | "perUnit">, x: number): number {
  return fixed + perUnit * x;
}

export function inWords({ fixed, perUnit, worst, exponent }: Growth, unit: string): string {
  return (
    `${significant(fixed)} µs + ${significant(perUnit)} µs per ${unit}, ` +
    `points within a factor of ${worst.toFixed(2)}; grows as x^${exponent.toFixed(2)} at the upper end`
  );
}

/** Minimises the sum of ((fixed + perUnit x) / us - 1)². */
function solve(points: readonly Point[]): { fixed: number; perUnit: number } {
  let [w, wx, wxx, v, vx] = [0, 0, 0, 0, 0];
  for (const { x, us } of points) {
    w += 1 / us ** 2;
    wx += x / us ** 2;
    wxx += x ** 2 / us ** 2;
    v += 1 / us;
    vx += x / us;
  }
  const determinant = w * wxx - wx ** 2;
  return { fixed: (v * wxx - vx * wx) / determinant, perUnit: (w * vx - wx * v) / determinant };
}

/** The factor of `shape` alone that minimises the same sum. */
function weightedMean(points: readonly Point[], shape: (point: Point) => number): number {
  let [above, below] = [0, 0];
  for (const point of points) {
    above += shape(point) / point.us;
    below += (shape(point) / point.us) ** 2;
  }
  return above / below;
}

function significant(figure: number): string {
  return figure === 0 ? "0" : String(Number(figure.toPrecision(3)));
}
