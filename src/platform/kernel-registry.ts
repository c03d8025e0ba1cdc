/**
 * Kernels that modules of this thread have defined. A bundler may have given their exports other names. The twin for browsers
 * also finds those that a bundler has packed into a worker's own program.
 */

// On the global object, because a bundle may hold a copy of this package.
const REGISTRY = Symbol.for("sharray.kernels");
const holder = globalThis as { [REGISTRY]?: Map<string, object> };

export function rememberKernel(url: string, name: string, fn: object): void {
  holder[REGISTRY] ??= new Map();
  holder[REGISTRY].set(`${url}#${name}`, fn);
}

/** The kernel of that very module. */
export function definedKernel(url: string, name: string): object | undefined {
  return holder[REGISTRY]?.get(`${url}#${name}`);
}

/** Does nothing: Node imports every module kernel from its own file. */
export function rememberedKernel(_url: string, _name: string): object | undefined {
  return undefined;
}

export function noteImport(_url: string): void {}

/** What errors advise if a module does not load, or lacks its kernel. */
export const LOADING_ADVICE = "";
