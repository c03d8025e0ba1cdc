/** Resampling and model selection: many small tasks over one payload that each of them sees whole. */

interface Context {
  readonly args: { readonly chunk: number };
}

/** Means of resamples with replacement, one per seed. */
export const bootstrap = (
  first: number,
  { sample }: { readonly sample: Float64Array },
  { args }: Context,
): Float64Array => {
  const means = new Float64Array(args.chunk);
  for (let resample = 0; resample < means.length; resample += 1) {
    let random = Math.imul(first + resample + 1, 2654435761) | 1;
    let sum = 0;
    for (let i = 0; i < sample.length; i += 1) {
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
      sum += sample[(random >>> 0) % sample.length]!;
    }
    means[resample] = sum / sample.length;
  }
  return means;
};

/**
 * Cells of a grid, ridge penalties by folds: fits a ridge regression without the fold.
 * @returns each cell's mean squared error on the fold
 */
export const kFold = (
  first: number,
  { x, y, shape }: { readonly x: Float64Array; readonly y: Float64Array; readonly shape: Int32Array },
  { args }: Context,
): Float64Array => {
  const [features, folds] = shape as unknown as [number, number];
  const rows = y.length;
  const errors = new Float64Array(args.chunk);
  for (let cell = 0; cell < errors.length; cell += 1) {
    const fold = (first + cell) % folds;
    const penalty = 2 ** (Math.floor((first + cell) / folds) - 16);
    const from = Math.floor((rows * fold) / folds);
    const to = Math.floor((rows * (fold + 1)) / folds);
    // The normal equations, the right side as last column, solved by elimination.
    const width = features + 1;
    const system = new Float64Array(features * width);
    for (let row = 0; row < rows; row += 1) {
      if (row >= from && row < to) continue;
      for (let i = 0; i < features; i += 1) {
        const xi = x[row * features + i]!;
        for (let j = i; j < features; j += 1) system[i * width + j]! += xi * x[row * features + j]!;
        system[i * width + features]! += xi * y[row]!;
      }
    }
    for (let i = 0; i < features; i += 1) {
      system[i * width + i]! += penalty;
      for (let j = 0; j < i; j += 1) system[i * width + j] = system[j * width + i]!;
    }
    for (let i = 0; i < features; i += 1) {
      for (let row = i + 1; row < features; row += 1) {
        const factor = system[row * width + i]! / system[i * width + i]!;
        for (let j = i; j < width; j += 1) system[row * width + j]! -= factor * system[i * width + j]!;
      }
    }
    const weights = new Float64Array(features);
    for (let i = features - 1; i >= 0; i -= 1) {
      let rest = system[i * width + features]!;
      for (let j = i + 1; j < features; j += 1) rest -= system[i * width + j]! * weights[j]!;
      weights[i] = rest / system[i * width + i]!;
    }
    let sum = 0;
    for (let row = from; row < to; row += 1) {
      let residual = y[row]!;
      for (let i = 0; i < features; i += 1) residual -= weights[i]! * x[row * features + i]!;
      sum += residual * residual;
    }
    errors[cell] = sum / (to - from);
  }
  return errors;
};
