/** Payloads: the same values in every run and in every process. */
import type { TypedArray } from "../../../dist/index.js";

export type Arrays = Readonly<Record<string, TypedArray>>;

/** Uniform numbers of [0, 1), by xorshift. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function fill(length: number, value: (i: number) => number): Float64Array {
  // Not `Float64Array.from`, which makes a list first.
  const array = new Float64Array(length);
  for (let i = 0; i < length; i += 1) array[i] = value(i);
  return array;
}

/** Copies on shared memory of the bench's own: what a user of bare threads would make by hand. */
export function shareByHand(arrays: Arrays): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => {
      // Whatever the kind is: all have the same members.
      const kind = array.constructor as Float64ArrayConstructor;
      const shared = new kind(new SharedArrayBuffer(array.byteLength));
      shared.set(array as Float64Array);
      return [name, shared];
    }),
  );
}

/** A forest of complete trees, calibration scores and instances, as `explain` wants them. */
export function forest(instances: number, features: number, calibration: number): Arrays {
  const [trees, depth, perturbations] = [10, 10, 4];
  const next = random(41);
  const scores = fill(calibration, next).sort();
  const labels = Array.from(scores, (score) => (next() < score ? 1 : 0));
  const positives = new Float64Array(calibration + 1);
  for (let i = 0; i < calibration; i += 1) positives[i + 1] = positives[i]! + labels[i]!;
  return {
    instances: fill(instances * features, next),
    typical: fill(features * perturbations, next),
    featureIndices: Int32Array.from({ length: trees * (2 ** depth - 1) }, () =>
      Math.floor(next() * features),
    ),
    thresholds: fill(trees * (2 ** depth - 1), next),
    leaves: fill(trees * 2 ** depth, next),
    scores,
    positives,
    shape: Int32Array.of(features, perturbations, trees, depth),
  };
}

/** Rows of `features` normal-ish values and a noisy linear answer, as `kFold` wants them. */
export function regression(rows: number, features: number, folds: number): Arrays {
  const next = random(7);
  const x = fill(rows * features, () => next() + next() + next() - 1.5);
  const y = fill(rows, (row) => {
    let value = next() - 0.5;
    for (let i = 0; i < features; i += 1) value += (i + 1) * x[row * features + i]!;
    return value;
  });
  return { x, y, shape: Int32Array.of(features, folds) };
}
