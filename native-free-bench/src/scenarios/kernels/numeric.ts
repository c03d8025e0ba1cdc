/** Columns in, columns or numbers out. */

interface Options {
  readonly spot: Float64Array;
  readonly strike: Float64Array;
  readonly years: Float64Array;
}

/** Prices of European calls at a rate of 2 % and a volatility of 30 %. */
export const blackScholes = ({ spot, strike, years }: Options, price: Float64Array): void => {
  const rate = 0.02;
  const volatility = 0.3;
  // The normal distribution by Abramowitz and Stegun, 26.2.17.
  const normal = (z: number): number => {
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const sum =
      t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    const tail = 0.3989422804014327 * Math.exp(-0.5 * z * z) * sum;
    return z > 0 ? 1 - tail : tail;
  };
  for (let i = 0; i < price.length; i += 1) {
    const deviation = volatility * Math.sqrt(years[i]!);
    const drift = (rate + 0.5 * volatility * volatility) * years[i]!;
    const d = (Math.log(spot[i]! / strike[i]!) + drift) / deviation;
    price[i] = spot[i]! * normal(d) - strike[i]! * Math.exp(-rate * years[i]!) * normal(d - deviation);
  }
};

/** Power spectra of signals of 4096 points, one after the other: an iterative transform of radix 2. */
export const fft = ({ signal }: { readonly signal: Float64Array }, power: Float64Array): void => {
  const points = 4096;
  const re = new Float64Array(points);
  const im = new Float64Array(points);
  for (let at = 0; at < signal.length; at += points) {
    for (let i = 0, reversed = 0; i < points; i += 1) {
      re[reversed] = signal[at + i]!;
      im[reversed] = 0;
      let bit = points >> 1;
      while (bit > 0 && (reversed & bit) !== 0) {
        reversed ^= bit;
        bit >>= 1;
      }
      reversed |= bit;
    }
    for (let half = 1; half < points; half *= 2) {
      const stepRe = Math.cos(Math.PI / half);
      const stepIm = -Math.sin(Math.PI / half);
      for (let block = 0; block < points; block += 2 * half) {
        let turnRe = 1;
        let turnIm = 0;
        for (let i = block; i < block + half; i += 1) {
          const oddRe = re[i + half]! * turnRe - im[i + half]! * turnIm;
          const oddIm = re[i + half]! * turnIm + im[i + half]! * turnRe;
          re[i + half] = re[i]! - oddRe;
          im[i + half] = im[i]! - oddIm;
          re[i]! += oddRe;
          im[i]! += oddIm;
          const next = turnRe * stepRe - turnIm * stepIm;
          turnIm = turnRe * stepIm + turnIm * stepRe;
          turnRe = next;
        }
      }
    }
    for (let i = 0; i < points; i += 1) power[at + i] = re[i]! * re[i]! + im[i]! * im[i]!;
  }
};

/** Rows of an image blurred by 5 x 5 binomial weights; pixels beyond the edge are those at the edge. */
export const convolve = (
  first: number,
  { image, shape }: { readonly image: Float32Array; readonly shape: Int32Array },
  { args }: { readonly args: { readonly chunk: number } },
): Float32Array => {
  const width = shape[0]!;
  const height = image.length / width;
  const weights = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];
  const blurred = new Float32Array(Math.min(args.chunk, height - first) * width);
  for (let at = 0; at < blurred.length; at += 1) {
    const x = at % width;
    const y = first + (at - x) / width;
    let sum = 0;
    for (let dy = -2; dy <= 2; dy += 1) {
      const row = Math.min(height - 1, Math.max(0, y + dy)) * width;
      for (let dx = -2; dx <= 2; dx += 1) {
        const column = Math.min(width - 1, Math.max(0, x + dx));
        sum += weights[dy + 2]! * weights[dx + 2]! * image[row + column]!;
      }
    }
    blurred[at] = sum;
  }
  return blurred;
};

/**
 * Eight steps per turn of the loop, because V8 unrolls none. It takes 1.5 ns per element. A plain loop takes 2.2, and one of C
 * 1.5. One total and one order, so that the bits are those of a plain loop.
 */
export const sum = (array: ArrayLike<number>): number => {
  const { length } = array;
  const even = length - (length % 8);
  let total = 0;
  let i = 0;
  for (; i < even; i += 8) {
    total += array[i]!;
    total += array[i + 1]!;
    total += array[i + 2]!;
    total += array[i + 3]!;
    total += array[i + 4]!;
    total += array[i + 5]!;
    total += array[i + 6]!;
    total += array[i + 7]!;
  }
  for (; i < length; i += 1) total += array[i]!;
  return total;
};

/** Next to no work on each of `chunk` items. */
export const tiny = (first: number, _shared: unknown, { args }: { args: { chunk: number } }): number => {
  let total = 0;
  for (let item = first; item < first + args.chunk; item += 1) total += Math.sqrt(item);
  return total;
};

/** One element per page of memory: a huge array of which little is read. */
export const glance = (array: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < array.length; i += 512) total += array[i]!;
  return total;
};

/** A batch of items, as users of queues make them by hand. */
export const roots = (batch: readonly number[] | Float64Array): unknown =>
  batch.map((item) => Math.sqrt(item));
