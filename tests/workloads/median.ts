/** The median of 5×5 pixels, as in the gallery. */
import { median5x5 } from "../../docs/examples/gallery/image-filter.js";
import { numbers, type Workload } from "./workload.js";

const [WIDTH, HEIGHT] = [70, 50];
const image = Uint8Array.from(numbers(WIDTH * HEIGHT, 256));

export const median: Workload = {
  run: (executor) => median5x5(executor, image, WIDTH),
  loop: () =>
    image.map((_, i) => {
      const window: number[] = [];
      for (const dy of [-2, -1, 0, 1, 2]) {
        for (const dx of [-2, -1, 0, 1, 2]) {
          const x = Math.min(Math.max((i % WIDTH) + dx, 0), WIDTH - 1);
          const y = Math.min(Math.max(Math.floor(i / WIDTH) + dy, 0), HEIGHT - 1);
          window.push(image[y * WIDTH + x]!);
        }
      }
      return window.sort((a, b) => a - b)[12]!;
    }),
};
