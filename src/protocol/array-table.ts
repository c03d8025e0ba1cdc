/** The arrays that a job touches, and who sees each of them. */
import { ownView, type TypedArray } from "../memory/dtypes.js";
import type { ArrayName } from "../memory/presence.js";

/** The first task and the last one. */
export type Tasks = readonly [number, number];

/** Who sees an array of the table. */
export interface Sighting {
  readonly name: ArrayName;
  /** The tasks that see the whole array; `undefined` if each task sees its chunk. */
  readonly tasks: Tasks | undefined;
}

/** Each array of a job, once. Messages name an array by its place in the table. */
export class ArrayTable {
  /** The engine's own views. They cover the same elements, even if the caller changes its array. */
  readonly arrays: TypedArray[] = [];
  /** One for each array, in the same order. */
  readonly sightings: Sighting[] = [];
  /** Made at need, because many small calls have no arrays. */
  #indexOf: Map<TypedArray, number> | undefined;

  /**
   * @param given the caller's array, by which the table knows it again
   * @param name the name that errors give it; the first name counts
   * @param own the engine's view of it
   * @returns the array's place in the table
   */
  add(given: TypedArray, name: ArrayName = "an array", tasks?: Tasks, own = ownView(given)): number {
    this.#indexOf ??= new Map();
    const known = this.#indexOf.get(given);
    if (known !== undefined) {
      const before = this.sightings[known] as Sighting;
      this.sightings[known] = {
        name: before.name,
        tasks: union(before.tasks ?? tasks, tasks ?? before.tasks),
      };
      return known;
    }
    const index = this.arrays.push(own) - 1;
    this.sightings.push({ name, tasks });
    this.#indexOf.set(given, index);
    return index;
  }

  /** @returns the array's place in the table; `undefined` if it has none */
  indexOf(given: TypedArray): number | undefined {
    return this.#indexOf?.get(given);
  }
}

/** An array that several tasks see in different ways counts as seen by all tasks between them. */
function union(a: Sighting["tasks"], b: Sighting["tasks"]): Sighting["tasks"] {
  return a === undefined || b === undefined ? undefined : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}
