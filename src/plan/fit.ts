/** A task's cost as a constant plus a part per payload byte, as the calls that were measured suggest. */

/** What tasks of one size cost. */
export interface Point {
  readonly bytes: number;
  /** Milliseconds. */
  readonly cost: number;
}

export interface Fit {
  /** Milliseconds of a task without payload. */
  readonly constant: number;
  /** Milliseconds per payload byte. */
  readonly perByte: number;
  /** The factor by which points lie off the line: the root of the mean square, of logarithms. At least 1. */
  readonly misfit: number;
}

// Clocks measure no less.
const LEAST_COST = 1e-7;

/**
 * Least squares of relative errors, as costs span orders of magnitude: minimises the sum of `((a + b·x) / y − 1)²`, with
 * neither part below 0. If all points have the same size, half of the cost is taken to be constant.
 * @param points at least one
 */
export function fitOf(points: readonly Point[]): Fit {
  let [uu, uv, vv, us, vs] = [0, 0, 0, 0, 0];
  for (const { bytes, cost } of points) {
    const u = 1 / Math.max(LEAST_COST, cost);
    const v = bytes * u;
    uu += u * u;
    uv += u * v;
    vv += v * v;
    us += u;
    vs += v;
  }
  const determinant = uu * vv - uv * uv;
  // If there is one size, the sums differ from 0 only by rounding.
  const isOneSize = determinant <= 1e-9 * uu * vv;
  let constant = isOneSize ? us / uu / 2 : (us * vv - vs * uv) / determinant;
  let perByte = isOneSize ? (vv === 0 ? 0 : vs / vv / 2) : (vs * uu - us * uv) / determinant;
  if (vv === 0) constant = us / uu;
  else if (constant < 0) [constant, perByte] = [0, vs / vv];
  else if (perByte < 0) [constant, perByte] = [us / uu, 0];
  let squares = 0;
  for (const { bytes, cost } of points) {
    const fitted = Math.max(LEAST_COST, constant + perByte * bytes);
    squares += Math.log(fitted / Math.max(LEAST_COST, cost)) ** 2;
  }
  return { constant, perByte, misfit: Math.exp(Math.sqrt(squares / points.length)) };
}
