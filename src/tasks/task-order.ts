/** Which task is at a position of a round. */
export interface TaskOrder {
  indexAt(position: number): number;
}

/** The tasks of a later round. @param order their indices; `undefined` if position is index */
export function listedOrder(order: Uint32Array | undefined): TaskOrder | undefined {
  return order && { indexAt: (position) => order[position] as number };
}
