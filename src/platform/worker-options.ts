/** How workers are made. */
export interface WorkerOptions {
  /** For Node: limits of a worker's heap, as `node:worker_threads` names them. */
  readonly resourceLimits: object | undefined;
  /** For browsers: makes a worker. */
  readonly createWorker: (() => object) | undefined;
}
