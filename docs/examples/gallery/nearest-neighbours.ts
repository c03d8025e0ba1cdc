/**
 * The ten nearest of 100,000 vectors of 384 numbers, as embeddings have, for each of 50 queries. Each query is a vector with noise, so
 * the nearest is known.
 *
 * Fast because the 154 MB of vectors are made in shared memory and never leave it: a query is sent as a number, and its answer is
 * written as a row of two columns.
 */
import * as Plot from "@observablehq/plot";
import type { Executor } from "sharray";
import { legend, type Picture, plot } from "./picture.js";

/** `count` vectors of `size` normal numbers, row by row. */
export function randomVectors(
  executor: Executor,
  count: number,
  size: number,
  seed: number,
): Promise<Float32Array<SharedArrayBuffer>> {
  return executor.transformShared(
    count,
    { type: Float32Array, per: size },
    (_, out, { start, rng }) => {
      for (let i = 0; i < out.length; i++) out[i] = rng.normal(start * size + i);
    },
    { seed },
  );
}

/** Places and Euclidean distances of the `k` nearest vectors, nearest first: a row of `k` for each query. */
export function nearest(
  executor: Executor,
  vectors: Float32Array,
  queries: Float32Array,
  size: number,
  k: number,
): Promise<{ place: Int32Array<SharedArrayBuffer>; distance: Float64Array<SharedArrayBuffer> }> {
  return executor.mapInto(
    Int32Array.from({ length: queries.length / size }, (_, query) => query),
    { place: { type: Int32Array, per: k }, distance: { type: Float64Array, per: k } },
    (query, { vectors, queries }, { place, distance }) => {
      const wanted = queries.slice(query * size, (query + 1) * size);
      distance.fill(Number.POSITIVE_INFINITY);
      for (let from = 0; from < vectors.length; from += size) {
        let squares = 0;
        for (let j = 0; j < size; j++) squares += (vectors[from + j]! - wanted[j]!) ** 2;
        if (squares >= distance[k - 1]!) continue;
        // The farther ones move back by one.
        let at = k - 1;
        for (; at > 0 && distance[at - 1]! > squares; at--) {
          distance[at] = distance[at - 1]!;
          place[at] = place[at - 1]!;
        }
        distance[at] = squares;
        place[at] = from / size;
      }
      for (let at = 0; at < k; at++) distance[at] = Math.sqrt(distance[at]!);
    },
    { shared: { vectors, queries } },
  );
}

export default async function draw(executor: Executor): Promise<Picture> {
  const [count, size, asked, k] = [100_000, 384, 50, 10];
  const vectors = await randomVectors(executor, count, size, 1);
  const noise = await randomVectors(executor, asked, size, 2);
  const origin = (query: number): number => (query * 1543) % count;
  // The noise grows from query to query.
  const queries = noise.map((value, i) => {
    const query = Math.floor(i / size);
    return vectors[origin(query) * size + (i % size)]! + (1.5 * query * value) / asked;
  });
  const { place, distance } = await nearest(executor, vectors, queries, size, k);
  const found = Array.from(place, (vector, i) => {
    const query = Math.floor(i / k);
    return {
      noise: (1.5 * query) / asked,
      distance: distance[i]!,
      is: vector === origin(query) ? "the origin" : "another",
    };
  });
  const hits = found.filter(({ is }, i) => i % k === 0 && is === "the origin").length;
  console.log(`For ${hits} of ${asked} queries the nearest vector is the one that they were made of`);
  return plot({
    x: { label: "noise per number" },
    y: { label: "distance of the ten nearest", grid: true, zero: true },
    color: { legend: false, domain: ["the origin", "another"], range: ["#ff725c", "#4269d0"] },
    marks: [
      Plot.dot(found, { x: "noise", y: "distance", fill: "is", r: 2.5 }),
      ...legend("bottom-right", {
        "the nine next": "#4269d0",
        "the vector that the query was made of": "#ff725c",
      }),
    ],
  });
}
