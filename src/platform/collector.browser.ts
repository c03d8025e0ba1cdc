/** The garbage collector, for browsers, where nobody can ask for it. `collector.ts` is its twin. */
export function collectGarbage(): boolean {
  return false;
}
