import { describe, expect, it } from "vitest";
import { ParallelConfig, STRATEGY_CHOICES } from "../../../src/config/config.js";
import type { ParallelOptions } from "../../../src/config/options.js";
import { checkField } from "../../../src/config/rules.js";
import { ConfigurationError } from "../../../src/errors.js";
import { defineKernel } from "../../../src/kernel/module/define.js";
import { HOST_FIELDS } from "../../../src/plan/host-profile.js";
import { cpuBudget, memoryBudget } from "../../../src/platform/runtime.js";

const RESOURCES_ALLOWED =
  "an object of megabytes by name (maxYoungGenerationSizeMb, maxOldGenerationSizeMb from 3, codeRangeSizeMb, stackSizeMb from 1)";

const kernel = defineKernel(import.meta.url, "kernel", () => {});

const FIELDS: readonly (keyof ParallelOptions)[] = [
  "enabled",
  "strategy",
  "maxWorkers",
  "minBatchSize",
  "minInstancesForParallel",
  "tinyWorkloadThreshold",
  "chunkSize",
  "taskSizeHintBytes",
  "forceSerialOnFailure",
  "telemetry",
  "workerInitializer",
  "maxSharedBytes",
  "taskTimeout",
  "maxRetries",
  "idleTimeout",
  "resourceLimits",
  "createWorker",
  "captures",
  "verifyImmutable",
  "hostProfile",
];

function failureOf(options: unknown): ConfigurationError {
  try {
    new ParallelConfig(options as ParallelOptions);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("defaults", () => {
  it("follow the design", () => {
    expect({ ...new ParallelConfig() }).toEqual({
      enabled: true,
      strategy: "auto",
      maxWorkers: cpuBudget(),
      minBatchSize: undefined,
      minInstancesForParallel: undefined,
      tinyWorkloadThreshold: undefined,
      chunkSize: undefined,
      taskSizeHintBytes: 0,
      forceSerialOnFailure: false,
      telemetry: undefined,
      workerInitializer: undefined,
      maxSharedBytes: Math.floor(memoryBudget() / 2),
      taskTimeout: undefined,
      maxRetries: 1,
      idleTimeout: 5000,
      resourceLimits: undefined,
      createWorker: undefined,
      captures: "copy",
      verifyImmutable: false,
      hostProfile: undefined,
    });
  });

  it("replace what is undefined", () => {
    const undefineds = Object.fromEntries(FIELDS.map((field) => [field, undefined]));
    expect({ ...new ParallelConfig(undefineds) }).toEqual({ ...new ParallelConfig() });
  });

  it("are the same for a config made of a config", () => {
    const config = new ParallelConfig({ maxWorkers: 3, strategy: "threads", minBatchSize: 7 });
    expect({ ...new ParallelConfig(config) }).toEqual({ ...config });
  });
});

describe("what is allowed", () => {
  it.each<[keyof ParallelOptions, unknown]>([
    ["enabled", true],
    ["enabled", false],
    ["strategy", "auto"],
    ["strategy", "sequential"],
    ["strategy", "threads"],
    ["maxWorkers", 1],
    ["maxWorkers", 64],
    ["minBatchSize", 0],
    ["minInstancesForParallel", 0],
    ["tinyWorkloadThreshold", 0],
    ["chunkSize", 1],
    ["taskSizeHintBytes", 0],
    ["taskSizeHintBytes", Number.MAX_SAFE_INTEGER],
    ["forceSerialOnFailure", true],
    ["telemetry", () => {}],
    ["workerInitializer", kernel],
    ["maxSharedBytes", 0],
    ["taskTimeout", 0.5],
    ["taskTimeout", 2 ** 31 - 1],
    ["maxRetries", 0],
    ["idleTimeout", 0],
    ["idleTimeout", 0.5],
    ["idleTimeout", 2 ** 31 - 1],
    ["verifyImmutable", true],
    ["verifyImmutable", false],
  ])("%s: %o", (field, value) => {
    expect(new ParallelConfig({ [field]: value })[field]).toBe(value);
  });

  it("resourceLimits, as a frozen copy", () => {
    const limits = { maxOldGenerationSizeMb: 64, stackSizeMb: 4 };
    const config = new ParallelConfig({ resourceLimits: limits });
    expect(config.resourceLimits).toEqual(limits);
    expect(config.resourceLimits).not.toBe(limits);
    expect(Object.isFrozen(config.resourceLimits)).toBe(true);
  });
});

describe("what is refused", () => {
  const integer0 = "an integer of at least 0";
  const integer1 = "an integer of at least 1";
  const milliseconds = "milliseconds from 0 to 2147483647";
  const positive = "milliseconds above 0, at most 2147483647";
  const megabytes = RESOURCES_ALLOWED;
  const costs = `an object of costs by name (${HOST_FIELDS.join(", ")})`;
  it.each<[keyof ParallelOptions, unknown, string]>([
    ["enabled", 1, "true or false"],
    ["enabled", null, "true or false"],
    ["strategy", "joblib", 'one of "auto", "sequential", "threads", "processes"'],
    ["strategy", "Threads", 'one of "auto", "sequential", "threads", "processes"'],
    ["maxWorkers", 0, integer1],
    ["maxWorkers", 1.5, integer1],
    ["maxWorkers", "2", integer1],
    ["maxWorkers", 2n, integer1],
    ["maxWorkers", Number.POSITIVE_INFINITY, integer1],
    ["minBatchSize", -1, integer0],
    ["minInstancesForParallel", Number.NaN, integer0],
    ["tinyWorkloadThreshold", 2 ** 53, integer0],
    ["chunkSize", 0, integer1],
    ["taskSizeHintBytes", -1, integer0],
    ["forceSerialOnFailure", "yes", "true or false"],
    ["telemetry", {}, "a function (event, payload) => void"],
    ["workerInitializer", () => {}, "a kernel made with defineKernel()"],
    ["workerInitializer", "kernel", "a kernel made with defineKernel()"],
    ["maxSharedBytes", -1, integer0],
    ["maxSharedBytes", 0.5, integer0],
    ["taskTimeout", 0, positive],
    ["taskTimeout", -1, positive],
    ["taskTimeout", Number.NaN, positive],
    ["taskTimeout", 2 ** 31, positive],
    ["taskTimeout", "1s", positive],
    ["maxRetries", -1, integer0],
    ["verifyImmutable", 1, "true or false"],
    ["idleTimeout", -1, milliseconds],
    ["idleTimeout", Number.NaN, milliseconds],
    ["idleTimeout", 2 ** 31, milliseconds],
    ["idleTimeout", "5s", milliseconds],
    ["createWorker", "./worker.js", "a function () => Worker"],
    ["resourceLimits", 4, megabytes],
    ["resourceLimits", null, megabytes],
    ["resourceLimits", new Map([["stackSizeMb", 4]]), megabytes],
    [
      "resourceLimits",
      { maxOldGenerationSizeMb: "64" },
      `${megabytes}, without maxOldGenerationSizeMb: "64"`,
    ],
    ["resourceLimits", { maxOldGenerationSizeMb: -1 }, `${megabytes}, without maxOldGenerationSizeMb: -1`],
    ["resourceLimits", { codeRangeSizeMb: Infinity }, `${megabytes}, without codeRangeSizeMb: Infinity`],
    ["resourceLimits", { stackSizeMb: 4, toString: 1 }, `${megabytes}, without toString: 1`],
    ["resourceLimits", { maxOldGenerationSizeMb: 2.5 }, `${megabytes}, without maxOldGenerationSizeMb: 2.5`],
    ["resourceLimits", { stackSizeMb: 0.5 }, `${megabytes}, without stackSizeMb: 0.5`],
    ["hostProfile", { spawn: 1, perTask: Number.NaN }, `${costs}, without perTask: NaN`],
  ])("%s: %o", (field, value, allowed) => {
    const error = failureOf({ [field]: value });
    expect(error).toMatchObject({ field, received: value, allowed });
    expect(() => checkField(field, value, field, STRATEGY_CHOICES)).toThrow(error.message);
  });

  it("resourceLimits that is a list", () => {
    expect(failureOf({ resourceLimits: [] })).toMatchObject({ field: "resourceLimits", received: [] });
  });

  it("resourceLimits with a name that Node does not know", () => {
    const limits = { maxOldGenSizeMb: 64 };
    expect(failureOf({ resourceLimits: limits })).toMatchObject({
      field: "resourceLimits",
      received: limits,
    });
  });

  it("a field that does not exist, naming those that do", () => {
    const error = failureOf({ max_workers: 2 });
    expect(error).toMatchObject({ field: "max_workers", received: 2 });
    expect(error.allowed).toBe(`left out: the fields are ${FIELDS.join(", ")}`);
    // Names of Object.prototype are no fields either.
    expect(failureOf({ toString: 1 }).field).toBe("toString");
  });

  it("an unknown field even when it is undefined", () => {
    expect(failureOf({ max_workers: undefined }).field).toBe("max_workers");
  });

  it.each([
    [null],
    [3],
    ["auto"],
    [[]],
    [() => {}],
    [new Map([["maxWorkers", 2]])],
    // What it inherits would not be checked.
    [Object.create({ maxWorkers: -3 })],
  ])("options that are %o", (options) => {
    const allowed = "a plain object or a ParallelConfig";
    expect(failureOf(options)).toMatchObject({ field: "options", received: options, allowed });
  });
});

it("a configuration is frozen", () => {
  const config = new ParallelConfig();
  expect(Object.isFrozen(config)).toBe(true);
  expect(() => {
    (config as { maxWorkers: number }).maxWorkers = 9;
  }).toThrow(TypeError);
});
