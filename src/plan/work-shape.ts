/** The shape of a call. It tells apart calls of one kernel whose tasks may cost differently. */

export interface WorkShape {
  readonly tasks: number;
  /** Payload bytes of one task on average, measured or hinted. */
  readonly taskBytes: number;
  /** A class of task sizes: the same for sizes that hardly differ. */
  readonly size: number;
  /** A number for the value of `args`; 0 if there are none. */
  readonly args: number;
  /** The same number for calls of the same shape, whatever their arguments. */
  readonly key: number;
  /** The same with the arguments. */
  readonly keyWithArgs: number;
}

// Sizes that differ by less than 9 %, and numbers of tasks that differ by less than 19 %, count as the same.
const SIZES_PER_OCTAVE = 4;
const COUNTS_PER_OCTAVE = 2;
// More than there are: 4 × 53 sizes, 2 × 24 counts. Keys stay below 2^53.
const MOST_COUNTS = 64;
const MOST_KEYS = 256 * MOST_COUNTS;

export function workShapeOf(tasks: number, taskBytes: number, args: number): WorkShape {
  const size = Math.round(SIZES_PER_OCTAVE * Math.log2(1 + taskBytes));
  const key = size * MOST_COUNTS + Math.round(COUNTS_PER_OCTAVE * Math.log2(Math.max(1, tasks)));
  return { tasks, taskBytes, size, args, key, keyWithArgs: args * MOST_KEYS + key };
}

// The offset basis and the prime of FNV-1a (Fowler, Noll, Vo), 32 bits.
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
// Arguments that differ only behind this many bytes count as the same, because a call's preparation must stay short.
const MOST_BYTES = 1024;

/** A hash of the arguments and captured values, as they are encoded; 0 if there are none. */
export function argsNumber(args: Uint8Array | null, captures: Uint8Array | undefined): number {
  if (args === null && captures === undefined) return 0;
  let hash = BASIS;
  if (args !== null) hash = hashOn(hash, args);
  if (captures !== undefined) hash = hashOn(hash, captures);
  return hash >>> 0 || 1;
}

function hashOn(before: number, bytes: Uint8Array): number {
  let hash = before ^ bytes.length;
  const end = Math.min(bytes.length, MOST_BYTES);
  for (let i = 0; i < end; i += 1) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
  return hash;
}
