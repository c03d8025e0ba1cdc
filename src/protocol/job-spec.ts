/** What a job is, as plain data: the same for every strategy, and most of what a worker learns of it. */
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

const FIELDS = Object.entries(JOB_FIELDS).map(([name, field]) => ({ name, ...field })) as NamedField[];

export function packJob(spec: JobSpec): PackedJob {
  return FIELDS.map(({ name, pack }) => pack(spec[name]));
}

export function unpackJob(packed: PackedJob): JobSpec {
  return Object.fromEntries(
    FIELDS.map(({ name, unpack }, i) => [name, unpack(packed[i])]),
  ) as unknown as JobSpec;
}

/** Whether both describe the same job. Every call that repeats asks, so this makes no objects. */
export function isSameJob(a: JobSpec, b: JobSpec): boolean {
  if (a === b) return true;
  for (let i = 0; i < FIELDS.length; i += 1) {
    const { name, isSame } = FIELDS[i] as NamedField;
    const before = a[name];
    const now = b[name];
    if (before !== now && !isSame(before, now)) return false;
  }
  return true;
}

/** The range of elements that a task covers: of its chunk, of its array in a list; an item's is its index. */
export function taskRange(
  spec: JobSpec,
  arrays: readonly { readonly length: number }[],
  index: number,
): readonly [start: number, end: number] {
  if (spec.shape === "items") return [index, index + 1];
  if (spec.shape === "list") return [0, arrays[spec.inputs.arrays[index] as number]?.length ?? 0];
  const start = index * spec.chunkSize;
  return [start, Math.min(start + spec.chunkSize, spec.length)];
}
