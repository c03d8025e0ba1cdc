/**
 * Three kinds of irises, found without their names: Lloyd's k-means over Fisher's measurements (1936).
 *
 * Fast because the rows stay in shared memory over all passes: a pass sends the centres, and receives one small sum per chunk.
 */
import * as Plot from "@observablehq/plot";
import type { Executor } from "sharray";
import { irises } from "./data.js";
import { legend, type Picture, plot } from "./picture.js";

export interface Clusters {
  /** A row per cluster. */
  readonly centres: number[][];
  /** Rows in each. */
  readonly sizes: number[];
  /** Which one each row is in. */
  readonly cluster: Uint8Array;
  /** The sum of squared distances from rows to their centres. */
  readonly inertia: number;
}

/** The centre that a row is nearest to, and its squared distance. */
function nearest(
  columns: readonly ArrayLike<number>[],
  row: number,
  centres: readonly number[][],
): [number, number] {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [k, centre] of centres.entries()) {
    let distance = 0;
    for (let j = 0; j < columns.length; j++) distance += (columns[j]![row]! - centre[j]!) ** 2;
    if (distance < least) [best, least] = [k, distance];
  }
  return [best, least];
}

export async function kMeans(
  executor: Executor,
  given: Record<string, Float64Array>,
  k: number,
): Promise<Clusters> {
  const rows = executor.share(given);
  const columns = Object.values(given);

  // Begins with the first row, and adds the row that is farthest from those.
  let centres = [columns.map((column) => column[0]!)];
  while (centres.length < k) {
    const far = await executor.reduceShared(
      rows,
      (views, { start, end }) => {
        const columns = Object.values(views);
        let [row, most] = [start, -1];
        for (let i = start; i < end; i++) {
          const [, distance] = nearest(columns, i - start, centres);
          if (distance > most) [row, most] = [i, distance];
        }
        return { row, most };
      },
      (a, b) => (b.most > a.most ? b : a),
    );
    centres.push(columns.map((column) => column[far.row]!));
  }

  for (;;) {
    const { sums, sizes, inertia } = await executor.reduceShared(
      rows,
      (views, { start, end }) => {
        const columns = Object.values(views);
        const sums = centres.map((centre) => centre.map(() => 0));
        const sizes = centres.map(() => 0);
        let inertia = 0;
        for (let i = 0; i < end - start; i++) {
          const [k, distance] = nearest(columns, i, centres);
          for (let j = 0; j < columns.length; j++) sums[k]![j]! += columns[j]![i]!;
          sizes[k]! += 1;
          inertia += distance;
        }
        return { sums, sizes, inertia };
      },
      (a, b) => ({
        sums: a.sums.map((sum, k) => sum.map((value, j) => value + b.sums[k]![j]!)),
        sizes: a.sizes.map((size, k) => size + b.sizes[k]!),
        inertia: a.inertia + b.inertia,
      }),
    );
    const next = sums.map((sum, k) => sum.map((value) => value / sizes[k]!));
    if (String(next) === String(centres)) {
      const cluster = await executor.transformShared(rows, Uint8Array, (views, out) => {
        const columns = Object.values(views);
        for (let i = 0; i < out.length; i++) [out[i]] = nearest(columns, i, centres);
      });
      return { centres, sizes, cluster, inertia };
    }
    centres = next;
  }
}

export default async function draw(executor: Executor): Promise<Picture> {
  const { columns, kinds } = irises();
  const { centres, sizes, cluster, inertia } = await kMeans(executor, columns, 3);
  console.log(`Clusters of ${sizes.join(", ")} flowers, inertia ${inertia.toFixed(4)}`);
  const flowers = kinds.map((kind, i) => ({
    length: columns["petal length"]![i],
    width: columns["petal width"]![i],
    cluster: cluster[i],
    kind,
  }));
  return plot({
    x: { label: "petal length, cm", grid: true },
    y: { label: "petal width, cm", grid: true },
    color: { type: "categorical" },
    symbol: { type: "categorical" },
    marks: [
      Plot.dot(flowers, { x: "length", y: "width", stroke: "cluster", symbol: "kind", r: 3.5 }),
      Plot.dot(centres, { x: "2", y: "3", symbol: "times", r: 8, stroke: "black", strokeWidth: 2.5 }),
      ...legend("bottom-right", {
        "a colour is a cluster": "black",
        "a shape is a kind of iris": "black",
        "a large cross is a centre": "black",
      }),
    ],
  });
}
