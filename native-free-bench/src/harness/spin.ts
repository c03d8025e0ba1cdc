/** Arithmetic of a known duration: multiplying and adding integers. No memory, no clock, the same on every thread. */

export function spin(seed: string, iterations: number | string): string {
  return `let n = ${seed}; for (let k = 0; k < ${iterations}; k += 1) n = (Math.imul(n, 1664525) + 1013904223) | 0;`;
}

/** The text of a function of a seed that spins. */
export function spinKernel(iterations: number): string {
  return `(seed) => { ${spin("seed", iterations)} return n; }`;
}

/** Nanoseconds of one iteration of the spin loop on this machine, when it is compiled and undisturbed. */
export function spinCost(): number {
  const iterations = 2_000_000;
  const run = new Function(`return ${spinKernel(iterations)};`)() as (seed: number) => number;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i += 1) {
    const started = performance.now();
    run(i);
    least = Math.min(least, performance.now() - started);
  }
  return (least * 1e6) / iterations;
}
