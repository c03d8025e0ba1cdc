/**
 * A number-theoretic transform: a Fourier transform over the integers modulo a prime, as provers use it. The points lie in a square, whose
 * columns are transformed, turned by their place, and then its rows (Gentleman and Sande's four steps).
 */
import type { Executor } from "sharray";
import { numbers, type Workload } from "./workload.js";

/** 119·2²³ + 1, and a root of unity of order 2²³ of it is 3 to the power of 119. */
const PRIME = 998_244_353;
const POINTS = 2 ** 12;
const input = Uint32Array.from(numbers(POINTS, PRIME));

/** a·b modulo the prime: the quotient by floating point is off by one at most. */
function times(a: number, b: number): number {
  const quotient = Math.floor((a * b) / PRIME);
  const rest = (Math.imul(a, b) - Math.imul(quotient, PRIME)) | 0;
  return rest < 0 ? rest + PRIME : rest >= PRIME ? rest - PRIME : rest;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let [square, rest] = [base, exponent]; rest > 0; rest >>>= 1) {
    if (rest & 1) result = times(result, square);
    square = times(square, square);
  }
  return result;
}

function rootOfUnity(order: number): number {
  return power(3, (PRIME - 1) / order);
}

/** In place, of a power of two. */
function transform(x: Uint32Array): void {
  const n = x.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [x[i], x[j]] = [x[j]!, x[i]!];
  }
  for (let size = 2; size <= n; size *= 2) {
    const step = rootOfUnity(size);
    for (let from = 0; from < n; from += size) {
      for (let k = from, root = 1; k < from + size / 2; k++, root = times(root, step)) {
        const odd = times(x[k + size / 2]!, root);
        x[k + size / 2] = (x[k]! + PRIME - odd) % PRIME;
        x[k] = (x[k]! + odd) % PRIME;
      }
    }
  }
}

async function ntt(executor: Executor, x: Uint32Array): Promise<Uint32Array> {
  const side = Math.sqrt(x.length);
  const root = rootOfUnity(x.length);
  // Of the result of either half, column k is row k: so what the second half reads as columns are the rows of the first.
  const half = (from: Uint32Array, turns: boolean): Promise<Uint32Array<SharedArrayBuffer>> =>
    executor.transformShared(side, { type: Uint32Array, per: side }, (_, out, { start, end }) => {
      for (let column = start; column < end; column++) {
        const line = out.subarray((column - start) * side, (column - start + 1) * side);
        for (let row = 0; row < side; row++) line[row] = from[row * side + column]!;
        transform(line);
        if (!turns) continue;
        const step = power(root, column);
        for (let k = 0, turn = 1; k < side; k++, turn = times(turn, step)) line[k] = times(line[k]!, turn);
      }
    });
  const columns = await half(executor.share(x), true);
  const rows = await half(columns, false);
  return executor.transformShared(side, { type: Uint32Array, per: side }, (_, out, { start, end }) => {
    for (let k = start; k < end; k++) {
      for (let row = 0; row < side; row++) out[(k - start) * side + row] = rows[row * side + k]!;
    }
  });
}

export const numberTheoreticTransform: Workload = {
  run: (executor) => ntt(executor, input),
  /** The definition. */
  loop() {
    const root = rootOfUnity(POINTS);
    return Uint32Array.from(input, (_, k) => {
      const step = power(root, k);
      let sum = 0;
      for (let i = 0, turn = 1; i < POINTS; i++, turn = times(turn, step)) {
        sum = (sum + times(input[i]!, turn)) % PRIME;
      }
      return sum;
    });
  },
};
