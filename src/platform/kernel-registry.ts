/** Remembers nothing, because Node imports every module kernel from its own file. The twin for browsers does remember. */
export function rememberKernel(_url: string, _name: string, _fn: object): void {}

export function rememberedKernel(_url: string, _name: string): object | undefined {
  return undefined;
}

export function noteImport(_url: string): void {}

/** What errors advise if a module does not load, or lacks its kernel. */
export const LOADING_ADVICE = "";
