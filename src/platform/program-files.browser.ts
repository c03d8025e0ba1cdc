/** A page's program is known to its bundler alone. */
export function moduleText(_url: string): string | undefined {
  return undefined;
}

export function isMainScript(_url: string): boolean {
  return false;
}

export function loadedExports(_url: string): unknown {
  return undefined;
}
