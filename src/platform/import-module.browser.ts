/** Imports a module by its address, when the program runs: bundlers leave it as it is. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  return (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as Record<string, unknown>;
}
