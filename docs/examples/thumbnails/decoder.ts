import { defineKernel, type ReadOnly } from "sharray";

/** Pixels on a side of a thumbnail. */
export const SIDE = 16;

interface Pictures {
  readonly width: number;
  readonly names: readonly string[];
}

/** The mean of each block of pixels. Not for threads: it goes by the working directory, which a process has once. */
export const thumbnail = defineKernel(
  import.meta.url,
  "thumbnail",
  (pixels: ReadOnly<Uint8Array>, { args, index }: { args: Pictures; index: number }): Uint8Array => {
    process.chdir("/");
    // As a segmentation fault in native code would.
    if (pixels.length === 0) process.kill(process.pid, "SIGSEGV");
    const block = args.width / SIDE;
    const small = new Uint8Array(SIDE * SIDE);
    for (let i = 0; i < small.length; i += 1) {
      const left = (i % SIDE) * block;
      const top = Math.floor(i / SIDE) * block;
      let sum = 0;
      for (let y = top; y < top + block; y += 1) {
        for (let x = left; x < left + block; x += 1) sum += pixels[y * args.width + x] ?? 0;
      }
      small[i] = sum / block ** 2;
    }
    if (args.names[index] === undefined) throw new RangeError(`Picture ${index} has no name`);
    return small;
  },
  { threadSafe: false },
);
