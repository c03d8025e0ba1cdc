/** What may be configured, as types. */
import type { CapturesMode } from "../kernel/captured.js";
import type { AnyKernel } from "../kernel/types.js";
import type { HostProfile } from "../plan/host-profile.js";
import type { StrategyName } from "../strategies/registry.js";
import type { Telemetry } from "../telemetry/events.js";

/** Limits of a worker's JavaScript heap, as `node:worker_threads` names them; in megabytes. */
export interface ResourceLimits {
  /** Limit of the heap for values that were made lately. Default: Node's. */
  readonly maxYoungGenerationSizeMb?: number;
  /** Limit of the main heap. A worker that needs more is ended. Default: Node's. */
  readonly maxOldGenerationSizeMb?: number;
  /** Limit of the memory for compiled code. Default: Node's. */
  readonly codeRangeSizeMb?: number;
  /** Limit of the stack: at least 1. Default: Node's, which is 4. */
  readonly stackSizeMb?: number;
}

/** A `Worker` of a browser. */
export interface WebWorker {
  postMessage(message: unknown, transfer: never[]): void;
  terminate(): void;
}

/** What may be configured; everything is optional. */
export interface ParallelOptions {
  /** False: every call runs sequentially. Default true. */
  readonly enabled?: boolean | undefined;
  /** Default "auto": the planner decides call by call. An explicit strategy that cannot run rejects. */
  readonly strategy?: "auto" | StrategyName | undefined;
  /** Size of the pool. Default: the CPUs that this process may use. */
  readonly maxWorkers?: number | undefined;
  /** Calls of fewer tasks run sequentially. Default: no such rule. */
  readonly minBatchSize?: number | undefined;
  /** Calls over fewer elements or items run sequentially. Default: no such rule. */
  readonly minInstancesForParallel?: number | undefined;
  /** Calls over fewer elements or items run sequentially. Default: no such rule. */
  readonly tinyWorkloadThreshold?: number | undefined;
  /** Elements per chunk. Default: derived from the length of the columns alone. */
  readonly chunkSize?: number | undefined;
  /** Payload bytes per task that the cost model assumes. Default 0: measured from the payload. */
  readonly taskSizeHintBytes?: number | undefined;
  /** When workers fail, and not the kernel itself, run what is unfinished sequentially. Default false. */
  readonly forceSerialOnFailure?: boolean | undefined;
  /** Receives every telemetry event. Default: none. */
  readonly telemetry?: Telemetry | undefined;
  /** A kernel made with `defineKernel`, run once in every worker before its first task. Default: none. */
  readonly workerInitializer?: AnyKernel | undefined;
  /** Cap on the bytes of shared memory in use. Default: half of the memory limit. */
  readonly maxSharedBytes?: number | undefined;
  /** Milliseconds that each task may take. Default: no limit. */
  readonly taskTimeout?: number | undefined;
  /** How often a task that ended its worker runs again. Default 1. */
  readonly maxRetries?: number | undefined;
  /** Milliseconds without work after which workers end and idle memory is freed. Default 5000. */
  readonly idleTimeout?: number | undefined;
  /** Limits of every worker's heap. Default: Node's. Browsers have none. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /**
   * Browsers only: makes a worker of the pool, of a script that imports `sharray/worker` and then the modules with the
   * program's kernels. Default: one that comes with this package, and imports module kernels from their addresses.
   */
  readonly createWorker?: (() => WebWorker) | undefined;
  /**
   * What happens to variables of the scope around an inline kernel. `"copy"`: their values at the call travel with it, if
   * the runtime can read them. `"error"`: they are refused. Default "copy".
   */
  readonly captures?: CapturesMode | undefined;
  /** Whether every call checks at its end that its kernel changed none of its inputs. Default false. */
  readonly verifyImmutable?: boolean | undefined;
  /** Costs of this machine that are known better than they would be measured. Default: measured. */
  readonly hostProfile?: Partial<HostProfile> | undefined;
}
