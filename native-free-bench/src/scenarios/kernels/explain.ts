/**
 * An instance-parallel explainer by perturbation. A random forest gives each instance a score, the calibration set turns
 * scores into probabilities, and a feature's weight is how far the probability moves, on average, when that feature
 * takes the values that are typical of it.
 */
export interface ExplainArrays {
  /** Rows to be explained, `features` values each. */
  readonly instances: Float64Array;
  /** Typical values of each feature, `perturbations` of them. */
  readonly typical: Float64Array;
  /** Inner nodes of complete trees, level by level, one tree after the other. */
  readonly featureIndices: Int32Array;
  readonly thresholds: Float64Array;
  readonly leaves: Float64Array;
  /** Scores of the calibration set in ascending order, and how many of its first `i` instances are positive. */
  readonly scores: Float64Array;
  readonly positives: Float64Array;
  /** features, perturbations, trees, depth */
  readonly shape: Int32Array;
}

interface Context {
  readonly args: { readonly chunk: number };
}

/** Weights of the batch's instances, `features` each. */
export const explain = (first: number, shared: ExplainArrays, { args }: Context): Float64Array => {
  const { instances, typical, featureIndices, thresholds, leaves, scores, positives, shape } = shared;
  const [features, perturbations, trees, depth] = shape as unknown as [number, number, number, number];
  const innerNodes = 2 ** depth - 1;
  const row = new Float64Array(features);

  const probability = (): number => {
    let votes = 0;
    for (let tree = 0; tree < trees; tree += 1) {
      const root = tree * innerNodes;
      let node = 0;
      while (node < innerNodes) {
        const goesRight = row[featureIndices[root + node]!]! > thresholds[root + node]!;
        node = 2 * node + (goesRight ? 2 : 1);
      }
      votes += leaves[tree * (innerNodes + 1) + node - innerNodes]!;
    }
    const score = votes / trees;
    let low = 0;
    let high = scores.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[middle]! < score) low = middle + 1;
      else high = middle;
    }
    // The share of positives among the calibration instances of nearly the same score.
    const from = Math.max(0, low - 25);
    const to = Math.min(scores.length, low + 25);
    return (positives[to]! - positives[from]!) / (to - from);
  };

  const last = Math.min(first + args.chunk, instances.length / features);
  const weights = new Float64Array((last - first) * features);
  for (let instance = first; instance < last; instance += 1) {
    row.set(instances.subarray(instance * features, (instance + 1) * features));
    const whole = probability();
    for (let feature = 0; feature < features; feature += 1) {
      const own = row[feature]!;
      let perturbed = 0;
      for (let i = 0; i < perturbations; i += 1) {
        row[feature] = typical[feature * perturbations + i]!;
        perturbed += probability();
      }
      row[feature] = own;
      weights[(instance - first) * features + feature] = whole - perturbed / perturbations;
    }
  }
  return weights;
};
