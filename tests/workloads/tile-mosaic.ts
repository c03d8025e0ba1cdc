/** Tiles, each decoded by a task of its own, straight into their place of one raster. */
import type { Workload } from "./workload.js";

const [WIDTH, HEIGHT, TILE] = [300, 200, 64];

interface Tile {
  readonly left: number;
  readonly top: number;
}

const tiles: Tile[] = [];
for (let top = 0; top < HEIGHT; top += TILE) {
  for (let left = 0; left < WIDTH; left += TILE) tiles.push({ left, top });
}

/** Stands for a decoder. */
function decode({ left, top }: Tile): Float32Array {
  return Float32Array.from({ length: TILE * TILE }, (_, i) => left + 1000 * top + Math.sin(i));
}

function put(tile: Tile, raster: Float32Array): void {
  const pixels = decode(tile);
  const width = Math.min(TILE, WIDTH - tile.left);
  for (let y = 0; y < TILE && tile.top + y < HEIGHT; y++) {
    raster.set(pixels.subarray(y * TILE, y * TILE + width), (tile.top + y) * WIDTH + tile.left);
  }
}

export const tileMosaic: Workload = {
  async run(executor) {
    const raster = executor.allocate(Float32Array, WIDTH * HEIGHT);
    await executor.map(tiles, (tile, { raster }) => put(tile, raster), { writable: { raster } });
    return raster;
  },
  loop() {
    const raster = new Float32Array(WIDTH * HEIGHT);
    for (const tile of tiles) put(tile, raster);
    return raster;
  },
  refusedBy: { processes: "as its tasks would each write to a copy" },
};
