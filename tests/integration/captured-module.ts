/** What kernels of `captures.test.ts` import. */
export const rate = 3;
export let level = 1;
export const TABLE = new Float64Array([5, 6, 7]);

export function raise(): void {
  level += 1;
}

export function halve(x: number): number {
  return (x * rate) / 2;
}
