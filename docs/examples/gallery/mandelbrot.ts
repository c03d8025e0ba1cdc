/**
 * The Mandelbrot set, from nothing but the size of its picture.
 *
 * Fast because workers write straight into the one image and fetch the next piece when they have finished theirs: nobody waits
 * for the costly middle.
 */
import type { Executor } from "sharray";
import { type Colour, type Picture, png, ramp } from "./picture.js";

/** What of the plane a picture shows. */
const VIEW = { left: -2.1, top: 1.2, width: 3.2, height: 2.4 };

/** For each pixel the passes of z² + c until |z| > 2; `limit` if that does not happen. */
export function mandelbrot(
  executor: Executor,
  width: number,
  limit: number,
): Promise<Uint16Array<SharedArrayBuffer>> {
  const step = VIEW.width / width;
  const height = Math.round(VIEW.height / step);
  return executor.transformShared(width * height, Uint16Array, (_, passes, { start, end }) => {
    for (let at = start; at < end; at++) {
      const re = VIEW.left + ((at % width) + 0.5) * step;
      const im = VIEW.top - (Math.floor(at / width) + 0.5) * step;
      let x = 0;
      let y = 0;
      let count = 0;
      for (; x * x + y * y <= 4 && count < limit; count++) {
        const real = x * x - y * y + re;
        y = 2 * x * y + im;
        x = real;
      }
      passes[at - start] = count;
    }
  });
}

/** Area of the points that stayed: 1.50659 for the set itself (Förstemann 2012, by 88 trillion points). */
export function areaOf(passes: Uint16Array, width: number, limit: number): number {
  return passes.filter((count) => count === limit).length * (VIEW.width / width) ** 2;
}

export default async function draw(executor: Executor): Promise<Picture> {
  const [width, limit] = [640, 1000];
  const passes = await mandelbrot(executor, width, limit);
  console.log(`The set has an area of ${areaOf(passes, width, limit).toFixed(3)}`);
  const palette: Colour[] = [...ramp([0, 7, 100], [32, 107, 203], [237, 255, 255], [255, 170, 0], [0, 2, 0])];
  palette[255] = [0, 0, 0];
  // Colours change with the logarithm: most of what is near the set takes many passes.
  const shade = (count: number): number => (count === limit ? 255 : Math.min(254, 40 * Math.log2(count)));
  return png(Array.from(passes, shade), width, palette);
}
