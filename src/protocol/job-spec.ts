/** What a job is, as plain data: the same for every strategy, and most of what a worker learns of it. */
import type { TypedArray } from "../memory/dtypes.js";
import { JOB_FIELDS, type JobField } from "./job-fields.js";

type Fields = typeof JOB_FIELDS;
type Values = { readonly [Name in keyof Fields]: Fields[Name] extends JobField<infer T> ? T : never };
type OptionalName = { [Name in keyof Values]: undefined extends Values[Name] ? Name : never }[keyof Values];

/** The fields of `JOB_FIELDS`; optional ones may be left out. */
export interface JobSpec
  extends Pick<Values, Exclude<keyof Values, OptionalName>>,
    Partial<Pick<Values, OptionalName>> {}

/** The values of a job's fields in the order of the table. */
export type PackedJob = readonly unknown[];

interface NamedField extends JobField<unknown> {
  readonly name: keyof JobSpec;
}

const FIELDS = Object.entries(JOB_FIELDS).map(([name, { pack, unpack, isSame }]) => {
  return { name, pack, unpack, isSame };
}) as NamedField[];

export function packJob(spec: JobSpec): PackedJob {
  const packed: unknown[] = [];
  for (let i = 0; i < FIELDS.length; i += 1) {
    const { name, pack } = FIELDS[i] as NamedField;
    packed.push(pack(spec[name]));
  }
  return packed;
}

/** Has every field, so that the copies of it are all of one hidden class, and no setter of a prototype is called. */
const BLANK: Readonly<Record<string, unknown>> = Object.fromEntries(
  FIELDS.map(({ name }) => [name, undefined]),
);

export function unpackJob(packed: PackedJob): JobSpec {
  const spec = { ...BLANK };
  for (let i = 0; i < FIELDS.length; i += 1) {
    const { name, unpack } = FIELDS[i] as NamedField;
    spec[name] = unpack(packed[i]);
  }
  return spec as unknown as JobSpec;
}

const FIELD_OF = new Map<string, NamedField>(FIELDS.map((field) => [field.name, field]));

/** A job to compare others with. Every call that repeats compares jobs, so a comparison makes no objects. */
export class KnownJob {
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];

  constructor(spec: JobSpec) {
    for (const name in spec) {
      this.#names.push(name);
      this.#values.push(spec[name as keyof JobSpec]);
    }
  }

  /** Whether another job is the same. False if it leaves out other fields, because sending it costs no more. */
  is(spec: JobSpec): boolean {
    let at = 0;
    // V8 reads a field in 5 ns this way, and in 12 by the names of the table.
    for (const name in spec) {
      if (name !== this.#names[at]) return false;
      const before = this.#values[at];
      const now = spec[name as keyof JobSpec];
      if (before !== now && FIELD_OF.get(name)?.isSame(before, now) !== true) return false;
      at += 1;
    }
    return at === this.#names.length;
  }
}

/** Whether both describe the same job. */
export function isSameJob(a: JobSpec, b: JobSpec): boolean {
  return new KnownJob(a).is(b);
}

/** The range of elements that a task covers: its chunk, or its array in a list. For an item it is the index. */
export function taskRange(
  spec: JobSpec,
  arrays: readonly { readonly length: number }[],
  index: number,
): readonly [start: number, end: number] {
  if (spec.single === true) return [0, 1];
  const { chunkSize, length, rowLength = 1, first = 0 } = spec;
  const task = first + index;
  if (spec.shape === "items") return [task, task + 1];
  if (spec.shape === "list") {
    const { names, arrays: places } = spec.inputs;
    return [0, arrays[places[task * (names?.length ?? 1)] as number]?.length ?? 0];
  }
  const start = task * chunkSize;
  return [start * rowLength, Math.min(start + chunkSize, length) * rowLength];
}

/**
 * The elements of an output that the tasks from `first` to before `end` write.
 * @param output its position among the outputs
 * @param arrays the array table
 */
export function outputRange(
  spec: JobSpec,
  arrays: readonly TypedArray[],
  output: number,
  first: number,
  end: number,
): readonly [start: number, end: number] {
  const { shape, per, capacity, starts, chunkSize, length } = spec;
  const width = per?.[output] ?? 1;
  if (starts !== undefined) {
    const offsets = arrays[starts] as Float64Array;
    return [(offsets[first] as number) * width, (offsets[end] as number) * width];
  }
  const rows = capacity ?? (shape === "items" ? 1 : chunkSize);
  const all = capacity === undefined ? length : spec.tasks * capacity;
  return [first * rows * width, Math.min(end * rows, all) * width];
}
