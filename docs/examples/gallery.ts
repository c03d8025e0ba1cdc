/**
 * Draws the pictures of the gallery. Run it after `npm run build`: `npx tsx docs/examples/gallery.ts` draws all of them, with names
 * behind it only these. Each program is in `gallery/`.
 */
import { writeFile } from "node:fs/promises";
import { type Executor, ParallelExecutor } from "sharray";
import bootstrap from "./gallery/bootstrap.js";
import imageFilter from "./gallery/image-filter.js";
import kMeans from "./gallery/k-means.js";
import life from "./gallery/life.js";
import mandelbrot from "./gallery/mandelbrot.js";
import nBody from "./gallery/n-body.js";
import nearestNeighbours from "./gallery/nearest-neighbours.js";
import optionPrice from "./gallery/option-price.js";
import permutationImportance from "./gallery/permutation-importance.js";
import type { Picture } from "./gallery/picture.js";
import rollingStatistics from "./gallery/rolling-statistics.js";
import spectrogram from "./gallery/spectrogram.js";

const PROGRAMS: Readonly<Record<string, (executor: Executor) => Promise<Picture>>> = {
  bootstrap,
  "image-filter": imageFilter,
  "k-means": kMeans,
  life,
  mandelbrot,
  "n-body": nBody,
  "nearest-neighbours": nearestNeighbours,
  "option-price": optionPrice,
  "permutation-importance": permutationImportance,
  "rolling-statistics": rollingStatistics,
  spectrogram,
};

await using executor = new ParallelExecutor();
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(PROGRAMS)) {
  const draw = PROGRAMS[name];
  if (draw === undefined) {
    throw new RangeError(`Cannot draw "${name}": the programs are ${Object.keys(PROGRAMS).join(", ")}`);
  }
  const started = performance.now();
  const picture = await draw(executor);
  const file = `${name}.${typeof picture === "string" ? "svg" : "png"}`;
  await writeFile(new URL(`gallery/pictures/${file}`, import.meta.url), picture);
  console.log(`${file}, after ${Math.round(performance.now() - started)} ms\n`);
}
