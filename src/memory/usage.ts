/** The result of `executor.memory()`. All figures but `regions` are bytes. */
export interface MemoryUsage {
  /** Regions in use or idle. */
  readonly regions: number;
  /** Bytes that running jobs or arrays of the user hold. */
  readonly bytesInUse: number;
  /** Bytes that are kept for the next call. */
  readonly bytesIdle: number;
  /** Bytes that were let go, and that no garbage collector has freed yet. */
  readonly bytesUncollected: number;
  /** The most that was ever in use at once. */
  readonly bytesPeak: number;
  /** `maxSharedBytes`. */
  readonly limit: number;
}
