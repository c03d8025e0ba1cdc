/** Pages can't ask where a function is. */
export interface FilePlace {
  readonly url: string;
  readonly isModule: boolean;
  readonly line: number;
  readonly column: number;
}

export function placeOfFunction(_fn: object): FilePlace | undefined {
  return undefined;
}

export function framePlace({ url, line, column }: FilePlace): string {
  return `${url}:${line + 1}:${column + 1}`;
}
