/** The arrays that a job touches, each once, with what is known of them. */
import { ownView, type TypedArray } from "../memory/dtypes.js";
import type { ArrayName } from "../memory/presence.js";

/** The first task and the last one. */
export type Tasks = readonly [number, number];

/** Who sees an array of the table. */
export interface Sighting {
  readonly name: ArrayName;
  /** The tasks that see the array whole; undefined: each sees its chunk. */
  readonly tasks: Tasks | undefined;
}

/** Their order is how messages name them. */
export class ArrayTable {
  /** The engine's own views: nothing that the caller does to an array changes what it covers here. */
  readonly arrays: TypedArray[] = [];
  /** Of each of them. */
  readonly sightings: Sighting[] = [];
  /** Made where it is needed: it takes 0.1 µs, and many small calls have no arrays. */
  #indexOf: Map<TypedArray, number> | undefined;

  /**
   * @param given the array by which it is known again
   * @param name by which errors call it; the first one counts
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

  /** @returns the array's place in the table; undefined: it is not in there */
  indexOf(given: TypedArray): number | undefined {
    return this.#indexOf?.get(given);
  }
}

/** Arrays that several tasks see by different ways are counted as seen by all between. */
function union(a: Sighting["tasks"], b: Sighting["tasks"]): Sighting["tasks"] {
  return a === undefined || b === undefined ? undefined : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}
