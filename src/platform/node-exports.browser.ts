/** Pages have no modules of Node. */
export interface NodeExport {
  readonly url: string;
  readonly name: string;
}

export function nodeExport(_fn: object): NodeExport | undefined {
  return undefined;
}
