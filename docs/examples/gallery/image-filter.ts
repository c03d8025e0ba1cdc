/**
 * A volcano under salt and pepper, and what a 5×5 median leaves of it: Maungawhau in Auckland, as a relief lit from the north-west.
 *
 * Fast because `rowLength` cuts the image into whole rows and `halo` shows the two above and below, in place: no tile is copied, and
 * none has a seam.
 */
import type { Executor } from "sharray";
import { volcano } from "./data.js";
import { type Picture, png, ramp } from "./picture.js";

/** The median of each pixel's 25 neighbours. Outside, the image goes on as it is at its edge. */
export function median5x5(
  executor: Executor,
  image: Uint8Array,
  width: number,
): Promise<Uint8Array<SharedArrayBuffer>> {
  return executor.transformShared(
    image,
    Uint8Array,
    (view, out, { before, start, end, scratch }) => {
      const window = scratch(Uint8Array, 25);
      const last = view.length / width - 1;
      for (let y = 0; y < end - start; y++) {
        for (let x = 0; x < width; x++) {
          let count = 0;
          for (let dy = -2; dy <= 2; dy++) {
            const row = Math.min(Math.max(before + y + dy, 0), last) * width;
            for (let dx = -2; dx <= 2; dx++) {
              window[count++] = view[row + Math.min(Math.max(x + dx, 0), width - 1)]!;
            }
          }
          out[y * width + x] = window.sort()[12]!;
        }
      }
    },
    { rowLength: width, halo: 2 },
  );
}

/** Makes a share of all pixels white or black, at random. */
export function saltAndPepper(
  executor: Executor,
  image: Uint8Array,
  share: number,
): Promise<Uint8Array<SharedArrayBuffer>> {
  return executor.transformShared(image, Uint8Array, (view, out, { start, rng }) => {
    for (let i = 0; i < out.length; i++) {
      const chance = rng(start + i);
      out[i] = chance < share / 2 ? 0 : chance < share ? 255 : view[i]!;
    }
  });
}

/** Light on the heights from the north-west, with `scale` pixels between two heights. */
function relief({ width, height, values }: ReturnType<typeof volcano>, scale: number): Uint8Array {
  const at = (x: number, y: number): number => {
    const [left, top] = [Math.min(Math.floor(x), width - 2), Math.min(Math.floor(y), height - 2)];
    const row = (y: number): number => {
      const [a, b] = [values[y * width + left]!, values[y * width + left + 1]!];
      return a + (b - a) * (x - left);
    };
    return row(top) + (row(top + 1) - row(top)) * (y - top);
  };
  const [across, down] = [(width - 2) * scale, (height - 2) * scale];
  return Uint8Array.from({ length: across * down }, (_, i) => {
    const [x, y] = [(i % across) / scale, Math.floor(i / across) / scale];
    // Steep towards the light is bright; a little of the height itself.
    const slope = at(x + 1, y) + at(x, y + 1) - 2 * at(x, y);
    return Math.min(250, Math.max(5, 95 + 22 * slope + 0.5 * (at(x, y) - 94)));
  });
}

export default async function draw(executor: Executor): Promise<Picture> {
  const scale = 3;
  const map = volcano();
  const width = (map.width - 2) * scale;
  const clean = relief(map, scale);
  const noisy = await saltAndPepper(executor, clean, 0.2);
  const filtered = await median5x5(executor, noisy, width);
  const error = (image: Uint8Array): string =>
    (image.reduce((sum, value, i) => sum + Math.abs(value - clean[i]!), 0) / image.length).toFixed(1);
  console.log(`The noise is off by ${error(noisy)} of 255 on average, its median by ${error(filtered)}`);
  // Both beside each other, in 32 greys.
  const pixels = Uint8Array.from({ length: 2 * clean.length }, (_, i) => {
    const [x, y] = [i % (2 * width), Math.floor(i / (2 * width))];
    return (x < width ? noisy[y * width + x]! : filtered[y * width + x - width]!) & 0xf8;
  });
  return png(pixels, 2 * width, ramp([0, 0, 0], [255, 255, 255]));
}
