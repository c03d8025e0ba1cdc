/** Configuration of an executor: checked once, frozen afterwards. */

import { ConfigurationError, quote } from "../errors.js";
import type { CapturesMode } from "../kernel/captured.js";
import { moduleExport } from "../kernel/module/define.js";
import type { AnyKernel } from "../kernel/types.js";
import { isRecord } from "../memory/inputs.js";
import { HOST_FIELDS, type HostProfile } from "../plan/host-profile.js";
import type { StrategyName } from "../plan/plan.js";
import { cpuBudget, environment, memoryBudget } from "../platform/runtime.js";
import type { Telemetry } from "../telemetry/events.js";
import { parseEnv, VARIABLE } from "./env.js";

/** Limits of a worker's JavaScript heap, as `node:worker_threads` names them; in megabytes. */
export interface ResourceLimits {
  readonly maxYoungGenerationSizeMb?: number;
  readonly maxOldGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  /** At least 1. */
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
  /** Receives every telemetry event. */
  readonly telemetry?: Telemetry | undefined;
  /** A kernel made with `defineKernel`, run once in every worker before its first task. */
  readonly workerInitializer?: AnyKernel | undefined;
  /** Cap on the bytes of shared memory in use. Default: half of the memory limit. */
  readonly maxSharedBytes?: number | undefined;
  /** Milliseconds that each task may take. Default: any. */
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
  /** Check after every call that its kernel changed none of its inputs. Default false. */
  readonly verifyImmutable?: boolean | undefined;
  /** Costs of this machine that are known better than they would be measured. Default: measured. */
  readonly hostProfile?: Partial<HostProfile> | undefined;
}

/** The longest that a timer waits. */
const LONGEST_MS = 2 ** 31 - 1;

const CAPTURES: readonly CapturesMode[] = ["copy", "error"];

const STRATEGIES = ["auto", "sequential", "threads"] as const;

/**
 * What Node takes, each with its least. Below it the whole process ends: with a stack of less than 0.3 MB (Node 20), and
 * with an old generation of less than 2.5 MB (Node 22 to 26), in which V8 cannot unpack the thread's first objects.
 */
const RESOURCES = {
  maxYoungGenerationSizeMb: 0,
  maxOldGenerationSizeMb: 3,
  codeRangeSizeMb: 0,
  stackSizeMb: 1,
} satisfies Required<ResourceLimits>;

/** Names and rules of all fields, in the order of `ParallelOptions`. */
const FIELDS: { readonly [F in keyof Required<ParallelOptions>]: (value: unknown) => string | undefined } = {
  enabled: boolean,
  strategy: (value) =>
    allow(STRATEGIES.includes(value as never), `one of ${STRATEGIES.map(quote).join(", ")}`),
  maxWorkers: integerFrom(1),
  minBatchSize: integerFrom(0),
  minInstancesForParallel: integerFrom(0),
  tinyWorkloadThreshold: integerFrom(0),
  chunkSize: integerFrom(1),
  taskSizeHintBytes: integerFrom(0),
  forceSerialOnFailure: boolean,
  telemetry: (value) => allow(typeof value === "function", "a function (event, payload) => void"),
  workerInitializer: (value) => {
    return allow(
      typeof value === "function" && moduleExport(value as AnyKernel) !== undefined,
      "a kernel made with defineKernel()",
    );
  },
  maxSharedBytes: integerFrom(0),
  taskTimeout: (value) =>
    allow(
      isNumberFrom(value, 0) && value > 0 && value <= LONGEST_MS,
      `milliseconds above 0, at most ${LONGEST_MS}`,
    ),
  maxRetries: integerFrom(0),
  idleTimeout: (value) =>
    allow(isNumberFrom(value, 0) && value <= LONGEST_MS, `milliseconds from 0 to ${LONGEST_MS}`),
  resourceLimits: figures("megabytes", RESOURCES),
  createWorker: (value) => allow(typeof value === "function", "a function () => Worker"),
  captures: (value) => allow(CAPTURES.includes(value as never), `one of ${CAPTURES.map(quote).join(", ")}`),
  verifyImmutable: boolean,
  hostProfile: figures("costs", Object.fromEntries(HOST_FIELDS.map((name) => [name, 0]))),
};

export class ParallelConfig {
  readonly enabled: boolean;
  readonly strategy: "auto" | StrategyName;
  readonly maxWorkers: number;
  readonly minBatchSize: number | undefined;
  readonly minInstancesForParallel: number | undefined;
  readonly tinyWorkloadThreshold: number | undefined;
  readonly chunkSize: number | undefined;
  readonly taskSizeHintBytes: number;
  readonly forceSerialOnFailure: boolean;
  readonly telemetry: Telemetry | undefined;
  readonly workerInitializer: AnyKernel | undefined;
  readonly maxSharedBytes: number;
  readonly taskTimeout: number | undefined;
  readonly maxRetries: number;
  readonly idleTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly createWorker: (() => WebWorker) | undefined;
  readonly captures: CapturesMode;
  readonly verifyImmutable: boolean;
  readonly hostProfile: Partial<HostProfile> | undefined;

  /** @throws ConfigurationError naming the field, what it received and what is allowed */
  constructor(options: ParallelOptions = {}) {
    checkOptions(options);
    this.enabled = options.enabled ?? true;
    this.strategy = options.strategy ?? "auto";
    this.maxWorkers = options.maxWorkers ?? cpuBudget();
    this.minBatchSize = options.minBatchSize;
    this.minInstancesForParallel = options.minInstancesForParallel;
    this.tinyWorkloadThreshold = options.tinyWorkloadThreshold;
    this.chunkSize = options.chunkSize;
    this.taskSizeHintBytes = options.taskSizeHintBytes ?? 0;
    this.forceSerialOnFailure = options.forceSerialOnFailure ?? false;
    this.telemetry = options.telemetry;
    this.workerInitializer = options.workerInitializer;
    this.maxSharedBytes = options.maxSharedBytes ?? Math.floor(memoryBudget() / 2);
    this.taskTimeout = options.taskTimeout;
    this.maxRetries = options.maxRetries ?? 1;
    this.idleTimeout = options.idleTimeout ?? 5000;
    this.resourceLimits =
      options.resourceLimits === undefined ? undefined : Object.freeze({ ...options.resourceLimits });
    this.createWorker = options.createWorker;
    this.captures = options.captures ?? "copy";
    this.verifyImmutable = options.verifyImmutable ?? false;
    this.hostProfile =
      options.hostProfile === undefined ? undefined : Object.freeze({ ...options.hostProfile });
    Object.freeze(this);
  }

  /**
   * The environment variable `CE_PARALLEL` over `base` over the defaults. Executors do not read it by themselves.
   * @param base options, or a config, of which every field is taken over
   * @param env default: the environment of the process, where there is one
   * @throws ConfigurationError naming the token, or the field of `base`, and what is allowed
   */
  static fromEnv(
    base: ParallelOptions = {},
    env: Readonly<Record<string, string | undefined>> = environment(),
  ): ParallelConfig {
    return configFromEnv(base, env);
  }
}

// Outside of the class: bundlers give another name to one that refers to itself, and it would be printed by that.
function configFromEnv(
  base: ParallelOptions,
  env: Readonly<Record<string, string | undefined>>,
): ParallelConfig {
  checkOptions(base);
  if (typeof env !== "object" || env === null) {
    throw new ConfigurationError("env", env, "an object of variables, as process.env is");
  }
  return new ParallelConfig({ ...base, ...parseEnv(env[VARIABLE]) });
}

function checkOptions(options: unknown): void {
  // Fields of other objects may be inherited, and so pass unseen.
  if (!isRecord(options) && !(options instanceof ParallelConfig)) {
    throw new ConfigurationError("options", options, "a plain object or a ParallelConfig");
  }
  for (const [field, value] of Object.entries(options)) {
    if (!Object.hasOwn(FIELDS, field)) {
      throw new ConfigurationError(
        field,
        value,
        `left out: the fields are ${Object.keys(FIELDS).join(", ")}`,
      );
    }
    if (value !== undefined) checkField(field as keyof ParallelOptions, value);
  }
}

/**
 * @param name what the caller calls it
 * @throws ConfigurationError where `value` is not allowed for `field`; call options share the rules
 */
export function checkField(field: keyof ParallelOptions, value: unknown, name: string = field): void {
  const allowed = FIELDS[field](value);
  if (allowed !== undefined) throw new ConfigurationError(name, value, allowed);
}

/** @returns undefined, or what is allowed where the value is not */
function allow(isAllowed: boolean, allowed: string): string | undefined {
  return isAllowed ? undefined : allowed;
}

function boolean(value: unknown): string | undefined {
  return allow(typeof value === "boolean", "true or false");
}

function integerFrom(least: number): (value: unknown) => string | undefined {
  return (value) =>
    allow(Number.isSafeInteger(value) && (value as number) >= least, `an integer of at least ${least}`);
}

function isNumberFrom(value: unknown, least: number): value is number {
  return typeof value === "number" && value >= least;
}

/**
 * Finite numbers by name.
 * @param least the names, each with the least that is allowed
 */
function figures(
  what: string,
  least: Readonly<Record<string, number>>,
): (value: unknown) => string | undefined {
  const names = Object.entries(least).map(([name, from]) => (from === 0 ? name : `${name} from ${from}`));
  const allowed = `an object of ${what} by name (${names.join(", ")})`;
  return (value) => {
    if (!isRecord(value)) return allowed;
    const isWrong = ([name, figure]: [string, unknown]): boolean =>
      !isNumberFrom(figure, least[name] ?? Infinity) || figure === Infinity;
    const wrong = Object.entries(value).find(isWrong);
    return wrong && `${allowed}, without ${wrong[0]}: ${quote(wrong[1])}`;
  };
}
