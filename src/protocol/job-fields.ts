/**
 * The fields of a job, one line each. The type of a job, the round's descriptor, the bridge's request and the test for equal
 * jobs all follow from this table. docs/architecture.md says how to add a field.
 */

/** How one field crosses threads. */
export interface JobField<T> {
  /** @returns plain data: what both msgpack and structured clone carry */
  pack(value: T): unknown;
  unpack(packed: unknown): T;
  /** Whether two values that are not identical mean the same. */
  isSame(a: T, b: T): boolean;
}

/** How tasks are cut: one per array or record of a list, one per chunk of an array, of columns or of a count of rows, one per item. */
type Shape = "list" | "array" | "columns" | "rows" | "items";

/** Named or unnamed arrays, as places in the job's array table. */
export interface ArrayGroup {
  /** Names of the columns, of a list those of each record; `null` for a bare array, or a list of these. */
  readonly names: readonly string[] | null;
  readonly arrays: readonly number[];
}

/** A number, a string, a boolean, or one of these and null. */
function plain<T extends number | string | boolean | null>(): JobField<T> {
  return { pack: (value) => value, unpack: (packed) => packed as T, isSame: () => false };
}

// Comparing more takes longer than sending them again.
const MOST_COMPARED = 1024;

/** Bytes, or null for none. Many bytes are never the same. */
function bytes<T extends Uint8Array | null>(): JobField<T> {
  return {
    pack: (value) => value,
    unpack: (packed) => packed as T,
    isSame: (a, b) => a !== null && a.length <= MOST_COMPARED && isSameList<number>(a, b),
  };
}

/** A list of numbers. */
function numbers(): JobField<readonly number[]> {
  return { pack: (value) => value, unpack: (packed) => packed as readonly number[], isSame: isSameList };
}

/** A list, because the names of the fields would double its bytes. */
type PackedGroup = readonly [names: readonly string[] | null, arrays: readonly number[]];

/** Arrays of the table, or null for none. */
function group<T extends ArrayGroup | null>(): JobField<T> {
  return {
    pack: (value) => value && ([value.names, value.arrays] satisfies PackedGroup),
    unpack: (packed) => {
      if (packed === null) return null as T;
      const [names, arrays] = packed as PackedGroup;
      return { names, arrays } as T;
    },
    isSame: (a, b) => {
      return a !== null && b !== null && isSameList(a.names, b.names) && isSameList(a.arrays, b.arrays);
    },
  };
}

/** A field that most jobs leave out. It is `undefined` there, on every thread. */
function optional<T>(field: JobField<T>): JobField<T | undefined> {
  return {
    pack: (value) => (value === undefined ? null : field.pack(value)),
    unpack: (packed) => (packed === null ? undefined : field.unpack(packed)),
    isSame: (a, b) => a !== undefined && b !== undefined && field.isSame(a, b),
  };
}

export const JOB_FIELDS = {
  shape: plain<Shape>(),
  tasks: plain<number>(),
  /** Rows of the array, of the columns or of a count; without meaning for lists and items. */
  length: plain<number>(),
  /** Rows per task, at least 1; without meaning for lists and items. */
  chunkSize: plain<number>(),
  inputs: group<ArrayGroup>(),
  /** For a part of a larger job: the task of that job with which the part begins. Kernels see its indices. Left out: 0. */
  first: optional(plain<number>()),
  /** Elements per row of the inputs; left out: one. */
  rowLength: optional(plain<number>()),
  /** Rows that a task sees in front of its own, if there are so many; left out: none. */
  before: optional(plain<number>()),
  /** The same behind its own. */
  after: optional(plain<number>()),
  /** Arrays that the call writes in place; `null` if it writes none. */
  outputs: group<ArrayGroup | null>(),
  /** Elements per row of each output; left out: one. */
  per: optional(numbers()),
  /** The rows that each task may write. Its kernel returns how many it wrote. Left out: only its own. */
  capacity: optional(plain<number>()),
  /** The array of the table that says where the rows of each task begin: tasks copy them there. Left out: the kernel runs. */
  starts: optional(plain<number>()),
  /** The outputs, by their positions, that are the caller's own arrays: they are never cleared. */
  keeps: optional(numbers()),
  /** Whether tasks write arrays of the caller's. Then a task that was interrupted finds there what it has left. */
  writesOwn: optional(plain<boolean>()),
  /** Whether the other outputs hold old data. Then each task clears its range first. */
  clearOutputs: optional(plain<boolean>()),
  /** How many times the kernel goes over all chunks; left out: once, and it gets no state of an earlier pass. */
  passes: optional(plain<number>()),
  /** No pass follows one in which no task returned more than this; left out: the kernel returns nothing that counts. */
  tolerance: optional(plain<number>()),
  /** The pass that a later round begins with; left out: the first. */
  firstPass: optional(plain<number>()),
  /** Encoded by `ValueEncoder`; `null` if the caller gave none. */
  args: bytes<Uint8Array | null>(),
  shared: bytes<Uint8Array | null>(),
  /** What the kernel takes along from the scopes around it, encoded as `args` are; left out: nothing. */
  captures: optional(bytes<Uint8Array>()),
  /** The seed of `context.rng`; left out: 0. */
  seed: optional(plain<number>()),
  /**
   * Whether each task is a job of its own (`submit`). Its context is that of a call of one item. One thread runs the round's
   * tasks in their order. No task waits for a message that carries the value of another. Left out: the tasks are one call's.
   */
  single: optional(plain<boolean>()),
  /** Tasks of the call before these, as kernels and errors count; left out: none. */
  earlier: optional(plain<number>()),
};

export function isSameList<T>(a: ArrayLike<T> | null, b: ArrayLike<T> | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
