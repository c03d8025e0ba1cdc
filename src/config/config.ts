/** Configuration of an executor: checked once, frozen afterwards. */

import { ConfigurationError } from "../errors.js";
import type { CapturesMode } from "../kernel/captured.js";
import type { AnyKernel } from "../kernel/types.js";
import { isRecord } from "../memory/inputs.js";
import type { HostProfile } from "../plan/host-profile.js";
import { cpuBudget, environment, memoryBudget } from "../platform/runtime.js";
import { STRATEGIES, type StrategyName } from "../strategies/registry.js";
import type { Telemetry } from "../telemetry/events.js";
import { parseEnv, VARIABLE } from "./env.js";
import type { ParallelOptions, ResourceLimits, WebWorker } from "./options.js";
import { checkField, FIELDS } from "./rules.js";

/** What `strategy` may be. */
export const STRATEGY_CHOICES: readonly string[] = ["auto", ...STRATEGIES.map(({ name }) => name)];

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
   * @param env default: the environment of the process, if there is one
   * @throws ConfigurationError naming the token, or the field of `base`, and what is allowed
   */
  static fromEnv(
    base: ParallelOptions = {},
    env: Readonly<Record<string, string | undefined>> = environment(),
  ): ParallelConfig {
    return configFromEnv(base, env);
  }
}

// This is outside of the class: bundlers rename a class that refers to itself, and it would be printed by that name.
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
    if (value !== undefined) checkField(field as keyof ParallelOptions, value, field, STRATEGY_CHOICES);
  }
}
