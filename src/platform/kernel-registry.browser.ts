/**
 * Module kernels that a bundler has packed into this thread's own program. They have neither a module to import by its address nor an
 * export of their name any more. But `defineKernel` has run here with that name.
 */
interface Entry {
  readonly url: string;
  readonly fn: object;
}

// On the global object, because a worker's program may hold several copies of this package.
const REGISTRY = Symbol.for("sharray.kernels");
const holder = globalThis as { [REGISTRY]?: Map<string, Entry[]> };

/** Modules that were imported for their kernels. They belong to no bundle, and only their own addresses name them. */
const imported = new Set<string>();

export function rememberKernel(url: string, name: string, fn: object): void {
  holder[REGISTRY] ??= new Map();
  const registry = holder[REGISTRY];
  const others = registry.get(name)?.filter((entry) => entry.url !== url) ?? [];
  registry.set(name, [...others, { url, fn }]);
}

/** The kernel of that very module. */
export function definedKernel(url: string, name: string): object | undefined {
  return holder[REGISTRY]?.get(name)?.find((entry) => entry.url === url)?.fn;
}

/**
 * The kernel of that name, of that very module or of the bundle. A bundle has another address in each thread.
 * @throws Error if the bundle has several of that name
 */
export function rememberedKernel(url: string, name: string): object | undefined {
  const own = definedKernel(url, name);
  if (own !== undefined) return own;
  const bundled = (holder[REGISTRY]?.get(name) ?? []).filter((entry) => !imported.has(entry.url));
  if (bundled.length > 1) {
    throw new Error(
      `Cannot tell which kernel "${name}" is meant as the worker's program has several of that name`,
    );
  }
  return bundled[0]?.fn;
}

export function noteImport(url: string): void {
  imported.add(url);
}

/** What errors advise if a module does not load, or lacks its kernel. */
export const LOADING_ADVICE =
  "; bundlers leave no module at that address: import it in a worker of your own, with the option createWorker";
