/** A picture to work on: mountains over a lake at dusk, drawn from noise, in any size. */

const LAYERS = 5;
/** Where the water begins, from the top. */
const SHORE = 0.68;

/** Pixels as a canvas has them: red in the lowest byte. */
export function drawLandscape(pixels: Uint32Array, width: number): void {
  const height = pixels.length / width;
  const ridges = Array.from({ length: LAYERS }, (_, layer) => ridge(width / height, width, layer));
  for (let y = 0; y < height; y += 1) {
    const v = y / height;
    for (let x = 0; x < width; x += 1) {
      // Water shows what is above it, in waves.
      const isWater = v > SHORE;
      const depth = isWater ? (v - SHORE) / (1 - SHORE) : 0;
      const wave = isWater ? Math.sin(v * 420 + 6 * noise((x / width) * 9, v * 90)) * 0.012 * depth : 0;
      const seen = isWater ? SHORE - (v - SHORE) * 1.6 + wave : v;
      const column = Math.min(width - 1, Math.max(0, Math.round(x + wave * 0.9 * width)));
      pixels[y * width + x] = colour(
        column / width,
        seen,
        ridges.map((heights) => heights[column]!),
        depth,
        x,
        y,
      );
    }
  }
}

function colour(u: number, v: number, ridges: number[], depth: number, x: number, y: number): number {
  const glow = Math.exp(-((u - 0.66) ** 2 * 9 + (v - 0.47) ** 2 * 26));
  const sun = (u - 0.66) ** 2 * 2.2 + (v - 0.4) ** 2 < 0.0022 ? 1 : 0;
  const clouds = Math.max(0, octaves(u * 4, v * 13, 4) - 0.52) * 1.5;
  let r = 38 + 190 * v + 110 * glow + 120 * sun + 120 * clouds * (0.5 + glow);
  let g = 52 + 105 * v + 66 * glow + 130 * sun + 84 * clouds * (0.5 + glow);
  let b = 110 + 42 * v + 8 * glow + 100 * sun + 96 * clouds * 0.6;
  for (let layer = 0; layer < ridges.length; layer += 1) {
    const top = ridges[layer]!;
    if (v < top) continue;
    const near = layer / (LAYERS - 1);
    const rock = octaves(u * 90, v * 140 + layer * 31, 3) - 0.5;
    const haze = (1 - near) * 0.75 + Math.max(0, v - top) * 1.1 * (1 - near);
    r = (34 + 26 * rock) * (1 - haze) + 196 * haze + 36 * glow * (1 - near);
    g = (38 + 30 * rock) * (1 - haze) + 140 * haze + 10 * glow;
    b = (58 + 34 * rock) * (1 - haze) + 150 * haze;
  }
  const dark = 1 - 0.42 * depth;
  const grain = (hash(x, y) - 0.5) * 9;
  return (
    byte(r * dark + grain) |
    (byte(g * dark + grain) << 8) |
    (byte(b * (dark + 0.1 * depth) + grain) << 16) |
    (255 << 24)
  );
}

/** The height of a chain of mountains, column by column; nearer ones stand lower. */
function ridge(aspect: number, width: number, layer: number): Float32Array {
  const base = 0.4 + 0.062 * layer;
  const rough = 0.26 - 0.036 * layer;
  return Float32Array.from({ length: width }, (_, x) => {
    const u = (x / width) * aspect * (1.6 + layer * 0.5) + layer * 17.3;
    return Math.min(SHORE, base + (0.55 - octaves(u, layer * 9.1, 7)) * rough * 2);
  });
}

function octaves(x: number, y: number, count: number): number {
  let sum = 0;
  let weight = 0.5;
  for (let i = 0; i < count; i += 1) {
    sum += weight * noise(x * 2 ** i, y * 2 ** i);
    weight /= 2;
  }
  return sum;
}

/** Value noise: random at whole points, smooth between them. */
function noise(x: number, y: number): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(x - x0), smooth(y - y0)];
  const top = hash(x0, y0) * (1 - u) + hash(x0 + 1, y0) * u;
  const bottom = hash(x0, y0 + 1) * (1 - u) + hash(x0 + 1, y0 + 1) * u;
  return top * (1 - v) + bottom * v;
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

/** From two whole numbers one from 0 to 1 that looks random. */
function hash(x: number, y: number): number {
  let h = Math.imul(x, 374_761_393) + Math.imul(y, 668_265_263);
  h = Math.imul(h ^ (h >>> 13), 1_274_126_177);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
