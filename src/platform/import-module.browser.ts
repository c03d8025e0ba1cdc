/** Imports a module by its address while the program runs. Bundlers leave this import as it is. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  return (await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url
  )) as Record<string, unknown>;
}
