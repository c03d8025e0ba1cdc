/** Node imports every module kernel from its own file, so none has to be remembered; the twin for browsers does. */
export function rememberKernel(_url: string, _name: string, _fn: object): void {}

export function rememberedKernel(_url: string, _name: string): object | undefined {
  return undefined;
}

export function noteImport(_url: string): void {}

/** What may be wrong where a module does not load, or lacks its kernel. */
export const LOADING_ADVICE = "";
