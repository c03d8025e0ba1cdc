/**
 * Thumbnails by a decoder that must not run on several threads of a process, and that one of the files crashes. Run it with
 * `npx tsx docs/examples/thumbnails.ts`, after `npm run build`.
 *
 * The decoder stands for a native package: it keeps its state in the process (a working directory, here), and ends the process
 * at bytes that it does not expect. Everything else comes out right.
 */
import { ParallelExecutor, WorkerLostError } from "sharray";
import { SIDE, thumbnail } from "./thumbnails/decoder.js";

const FILES = 24;
const WIDTH = 256;
const BROKEN = 17;

/** Grey pictures, each a gradient of its own. The broken one has no pixels. */
function picture(file: number): Uint8Array {
  const pixels = new Uint8Array(file === BROKEN ? 0 : WIDTH * WIDTH);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = ((i % WIDTH) * (file + 1)) & 255;
  return pixels;
}

await using executor = new ParallelExecutor({ strategy: "processes", maxWorkers: 2, maxRetries: 1 });
const pictures = Array.from({ length: FILES }, (_, file) => picture(file));
const names = pictures.map((_, file) => `picture-${file}.raw`);

try {
  await executor.mapShared(pictures, thumbnail, { args: { width: WIDTH, names } });
} catch (error) {
  if (!(error instanceof WorkerLostError) || error.index === undefined) throw error;
  const { values, unfinished } = error.partial ?? { values: new Map(), unfinished: [] };
  console.log(`${names[error.index]} ended its process twice, by ${error.signal}`);
  console.log(
    `${values.size} of ${FILES} thumbnails of ${SIDE} x ${SIDE} are there, ${unfinished.length} is not`,
  );
}

// The executor goes on, with children that have met no broken file.
const [again] = await executor.mapShared([picture(3)], thumbnail, {
  args: { width: WIDTH, names: ["again.raw"] },
});
console.log(`the next picture has ${again?.length} pixels`);
