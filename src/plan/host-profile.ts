/** What this machine charges: the constants of the cost model. */

/** Milliseconds, or milliseconds per byte. `String(profile)` is a table for people. */
export interface HostProfile {
  /** Threads that can run at the same time. */
  readonly parallelism: number;
  /** Milliseconds: starting the first worker, until it serves. */
  readonly spawn: number;
  /** Milliseconds: starting each further worker beside the first. */
  readonly spawnPerWorker: number;
  /** Milliseconds: preparing a call and running it on the caller's thread, beside its tasks. */
  readonly dispatchSequential: number;
  /** Milliseconds: preparing a call, waking workers that know the kernel, and hearing back. */
  readonly dispatchHot: number;
  /** Milliseconds: the same after a pause, in which they have gone to sleep. */
  readonly dispatchIdle: number;
  /** Milliseconds: the same if they must first be sent the kernel and compile it. */
  readonly dispatchCold: number;
  /** Milliseconds: starting the first child process, until it serves. */
  readonly spawnProcess: number;
  /** Milliseconds: preparing a call, sending it to child processes that know the kernel, and hearing back. */
  readonly dispatchProcess: number;
  /** Milliseconds: the same after a pause. */
  readonly dispatchProcessIdle: number;
  /** Milliseconds: the same if they must first be sent the kernel and compile it. */
  readonly dispatchProcessCold: number;
  /** Milliseconds: one claim of tasks: the atomic operations. */
  readonly perClaim: number;
  /** Milliseconds: calling a kernel once, whatever it does. */
  readonly perTask: number;
  /** Milliseconds per byte: copying a byte into shared memory that was used before. */
  readonly placePerByteRecycled: number;
  /** Milliseconds per byte: copying a byte into fresh shared memory: a page fault per 4 KiB. */
  readonly placePerByteFresh: number;
  /** Milliseconds per byte: cloning a byte into a message: what sharing saves. */
  readonly clonePerByte: number;
  /** Milliseconds per byte: what an unknown kernel is supposed to spend per byte of its payload: a pass with a few operations per element. */
  readonly computePerByte: number;
}

/** What is supposed until it is measured. docs/planner.md has the measurements behind it. */
export const defaultHostProfile: HostProfile = Object.freeze({
  parallelism: 2,
  spawn: 55,
  spawnPerWorker: 10,
  dispatchSequential: 0.03,
  dispatchHot: 0.1,
  dispatchIdle: 0.35,
  dispatchCold: 0.5,
  spawnProcess: 90,
  dispatchProcess: 0.2,
  dispatchProcessIdle: 0.5,
  dispatchProcessCold: 1,
  perClaim: 4e-5,
  perTask: 1e-4,
  placePerByteRecycled: 1e-7,
  placePerByteFresh: 6e-7,
  clonePerByte: 2e-6,
  computePerByte: 1e-6,
});

/** The fields that users may override. */
export const HOST_FIELDS = Object.keys(defaultHostProfile) as (keyof HostProfile)[];

/** The profile with measured or given values in the place of defaults, the later ones first. */
export function hostProfileOf(...layers: readonly Partial<HostProfile>[]): HostProfile {
  return Object.freeze(Object.assign(Object.create(printable), defaultHostProfile, ...layers) as HostProfile);
}

const printable = {
  toString(this: HostProfile): string {
    return print(this);
  },
};

function print(profile: HostProfile): string {
  const rows = HOST_FIELDS.map((field) => {
    const value = profile[field];
    if (field === "parallelism") return [field, `${value} threads`];
    if (field.includes("PerByte")) return [field, `${(1e-6 / value).toPrecision(3)} GB/s`];
    return [field, value < 0.01 ? `${(value * 1000).toPrecision(3)} µs` : `${value.toPrecision(3)} ms`];
  });
  const width = Math.max(...rows.map(([field]) => (field as string).length));
  return rows.map(([field, value]) => `${(field as string).padEnd(width)}  ${value}`).join("\n");
}
