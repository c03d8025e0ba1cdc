/** What `executor.memory()` tells. All figures but `regions` are bytes. */
export interface MemoryUsage {
  /** Regions in use or idle. */
  readonly regions: number;
  /** Held by running jobs or by arrays of the user. */
  readonly bytesInUse: number;
  /** Kept for the next call. */
  readonly bytesIdle: number;
  /** Let go, and not yet freed: the garbage collectors of this thread and of the workers have not come to it. */
  readonly bytesUncollected: number;
  /** The most that was ever in use at once. */
  readonly bytesPeak: number;
  /** `maxSharedBytes`. */
  readonly limit: number;
}
