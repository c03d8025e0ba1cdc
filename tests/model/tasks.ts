/** Sets of tasks as bit masks. */

export function count(tasks: number): number {
  let rest = tasks;
  let bits = 0;
  for (; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
}

/** The lowest index in the set; `none` if it is empty. */
export function lowest(tasks: number, none: number): number {
  return tasks === 0 ? none : 31 - Math.clz32(tasks & -tasks);
}

/** All tasks below an index. */
export function below(index: number): number {
  return 2 ** index - 1;
}

/** All sets of `size` out of a set. */
export function subsets(of: number, size: number): number[] {
  const sets = Array.from({ length: of + 1 }, (_, set) => set);
  return sets.filter((set) => (set & ~of) === 0 && count(set) === size);
}

/** The set that holds the task at a position of the round alone. */
export function taskAt(order: number, position: number): number {
  let rest = order;
  for (let i = 0; i < position; i++) rest &= rest - 1;
  return rest & -rest;
}

/** For people: `{0,2}`. */
export function show(tasks: number): string {
  const indices: number[] = [];
  for (let i = 0; tasks >> i !== 0; i++) if (((tasks >> i) & 1) === 1) indices.push(i);
  return `{${indices.join(",")}}`;
}
