/** What a worker of the pool runs, for Node. */
import type { WorkerOptions } from "node:worker_threads";

interface WorkerScript {
  readonly script: string | URL;
  readonly options: WorkerOptions;
}

/**
 * One CommonJS file of worker/entry.js and all that it imports, packages, too. Otherwise Node takes most of a worker's start to find
 * and load modules one by one (docs/decisions/0014). What bundlers get has the text of that file instead, because they move the code
 * around it (scripts/build-node.js).
 */
export function workerScript(): WorkerScript {
  return { script: new URL("../worker/entry.cjs", import.meta.url), options: {} };
}
