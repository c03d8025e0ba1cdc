/** The garbage collector, for browsers: it can't be asked for there. `collector.ts` is its twin. */
export function collectGarbage(): boolean {
  return false;
}
