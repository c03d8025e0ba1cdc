/** The nearest vectors of some queries, as in the gallery. */
import { nearest } from "../../docs/examples/gallery/nearest-neighbours.js";
import { numbers, type Workload } from "./workload.js";

const [VECTORS, QUERIES, SIZE, K] = [600, 20, 24, 10];
const all = Float32Array.from(numbers((VECTORS + QUERIES) * SIZE, 1000), (n) => n / 7);
const vectors = all.slice(0, VECTORS * SIZE);
const queries = all.slice(VECTORS * SIZE);

export const nearestNeighbours: Workload = {
  run: (executor) => nearest(executor, executor.share(vectors), queries, SIZE, K),
  loop() {
    const [place, distance]: [number[], number[]] = [[], []];
    for (let query = 0; query < QUERIES; query++) {
      const distances = Array.from({ length: VECTORS }, (_, vector) => {
        let squares = 0;
        for (let j = 0; j < SIZE; j++)
          squares += (vectors[vector * SIZE + j]! - queries[query * SIZE + j]!) ** 2;
        return { vector, squares };
      });
      for (const { vector, squares } of distances.sort((a, b) => a.squares - b.squares).slice(0, K)) {
        place.push(vector);
        distance.push(Math.sqrt(squares));
      }
    }
    return { place: Int32Array.from(place), distance: Float64Array.from(distance) };
  },
};
