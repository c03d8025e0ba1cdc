/** The picture that filters run over: the visitor's own, or the one that is drawn here. */

import type { ParallelExecutor } from "sharray";
import { drawLandscape } from "./landscape.js";

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly shared: Uint32Array;
  readonly plain: Uint32Array<ArrayBuffer>;
}

const ASPECT = 3 / 2;

/** @param file the visitor's; null: there is none */
export async function makePicture(
  executor: ParallelExecutor,
  file: Blob | null,
  megapixels: number,
): Promise<Picture> {
  const source = file === null ? undefined : await createImageBitmap(file);
  const aspect = source === undefined ? ASPECT : source.width / source.height;
  const width = Math.max(1, Math.round(Math.sqrt(megapixels * 1e6 * aspect)));
  const height = Math.max(1, Math.round(width / aspect));
  let plain: Uint32Array<ArrayBuffer>;
  if (source === undefined) {
    plain = new Uint32Array(width * height);
    drawLandscape(plain, width);
  } else {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    context.drawImage(source, 0, 0, width, height);
    plain = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer as ArrayBuffer);
  }
  // A page that is not isolated has no shared memory.
  return { width, height, shared: crossOriginIsolated ? executor.share(plain) : plain, plain };
}

/** As much of a picture as a screen shows. */
export async function previewOf(pixels: Uint32Array, width: number): Promise<ImageBitmap> {
  const height = pixels.length / width;
  // A canvas takes no shared memory.
  const bytes = new Uint8ClampedArray(new Uint32Array(pixels).buffer);
  const resizeWidth = Math.min(width, 1200);
  return createImageBitmap(new ImageData(bytes, width, height), { resizeWidth, resizeQuality: "high" });
}
