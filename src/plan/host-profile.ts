/** What this machine charges: the constants of the cost model. All in milliseconds, or milliseconds per byte. */
export interface HostProfile {
  /** Starting one worker, until it answers. */
  readonly spawnPerWorker: number;
  /** Waking the workers for a job and hearing back. */
  readonly dispatch: number;
  /** Copying a byte into shared memory that was used before. */
  readonly placePerByteRecycled: number;
  /** Copying a byte into fresh shared memory: a page fault per 4 KiB. */
  readonly placePerByteFresh: number;
  /** Calling a kernel once, whatever it does. */
  readonly perTask: number;
  /** What an unknown kernel is supposed to spend per byte of its payload: a pass with a few operations per element. */
  readonly computePerByte: number;
}

/**
 * Measured on two cores of a shared cloud machine with Node 20: 64 MB into a fresh SharedArrayBuffer 31-48 ms, into a
 * used one 5.7 ms; a job of two empty tasks on two warm workers 107-250 µs; starting one or two workers 81-147 ms.
 */
export const defaultHostProfile: HostProfile = Object.freeze({
  spawnPerWorker: 90,
  dispatch: 0.15,
  placePerByteRecycled: 1e-7,
  placePerByteFresh: 6e-7,
  perTask: 1e-4,
  computePerByte: 1e-6,
});
