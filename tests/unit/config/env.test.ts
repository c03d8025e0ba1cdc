import { afterEach, describe, expect, it, vi } from "vitest";
import { ParallelConfig } from "../../../src/config/config.js";
import { type EnvOptions, parseEnv } from "../../../src/config/env.js";
import type { ParallelOptions } from "../../../src/config/options.js";
import { checkField } from "../../../src/config/rules.js";
import { ConfigurationError } from "../../../src/errors.js";
import { defineKernel } from "../../../src/kernel/module/define.js";

const EVERY_TOKEN =
  "left out, or one of enable, 1, on, true, 0, off, false, auto, sequential, threads, processes, joblib, " +
  "strategy=, workers=, " +
  "min_batch=, min_instances=, tiny=, instance_chunk=, task_bytes=, force_serial=, granularity=";
const INTEGER_0 = 'an integer of at least 0 behind the "="';
const INTEGER_1 = 'an integer of at least 1 behind the "="';
const STRATEGY =
  "one of strategy=auto, strategy=sequential, strategy=threads, strategy=processes, strategy=joblib";
const FORCE_SERIAL =
  "one of force_serial=1, force_serial=on, force_serial=true, force_serial=0, force_serial=off, force_serial=false";
const FEATURE_CHUNK =
  'replaced by "instance_chunk=": chunks are ranges of elements, and every chunk has all columns';
const GRANULARITY =
  'replaced by "granularity=instance": for one task per feature, give mapShared a list with an array per feature';

function failureOf(run: () => unknown): ConfigurationError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("tokens", () => {
  it.each<[string, EnvOptions]>([
    ["enable", { enabled: true }],
    ["1", { enabled: true }],
    ["on", { enabled: true }],
    ["true", { enabled: true }],
    ["0", { enabled: false }],
    ["off", { enabled: false }],
    ["false", { enabled: false }],
    ["auto", { strategy: "auto" }],
    ["threads", { strategy: "threads" }],
    ["sequential", { strategy: "sequential" }],
    ["strategy=auto", { strategy: "auto" }],
    ["strategy=threads", { strategy: "threads" }],
    ["strategy=sequential", { strategy: "sequential" }],
    ["workers=1", { maxWorkers: 1 }],
    ["workers=12", { maxWorkers: 12 }],
    ["workers=007", { maxWorkers: 7 }],
    ["min_batch=0", { minBatchSize: 0 }],
    ["min_batch=16", { minBatchSize: 16 }],
    ["min_instances=0", { minInstancesForParallel: 0 }],
    ["min_instances=2500", { minInstancesForParallel: 2500 }],
    ["tiny=0", { tinyWorkloadThreshold: 0 }],
    ["tiny=8", { tinyWorkloadThreshold: 8 }],
    ["instance_chunk=1", { chunkSize: 1 }],
    ["instance_chunk=4096", { chunkSize: 4096 }],
    ["processes", { strategy: "processes" }],
    ["joblib", { strategy: "processes" }],
    ["strategy=processes", { strategy: "processes" }],
    ["strategy=joblib", { strategy: "processes" }],
    ["task_bytes=0", { taskSizeHintBytes: 0 }],
    ["task_bytes=1048576", { taskSizeHintBytes: 1_048_576 }],
    ["force_serial=1", { forceSerialOnFailure: true }],
    ["force_serial=on", { forceSerialOnFailure: true }],
    ["force_serial=true", { forceSerialOnFailure: true }],
    ["force_serial=0", { forceSerialOnFailure: false }],
    ["force_serial=off", { forceSerialOnFailure: false }],
    ["force_serial=false", { forceSerialOnFailure: false }],
    ["granularity=instance", {}],
  ])("%s", (token, options) => {
    expect(parseEnv(token)).toEqual(options);
    expect(parseEnv(token.toUpperCase())).toEqual(options);
    expect(parseEnv(` ,\t${token.replace("=", " = ")} ,,\n`)).toEqual(options);
  });

  it.each([[undefined], [""], ["  "], [" , ,,"]])("may be missing: %o", (text) => {
    expect(parseEnv(text)).toEqual({});
  });

  it("set several options together", () => {
    expect(
      parseEnv(
        "enable,threads,workers=8,min_batch=4,min_instances=8,tiny=12,instance_chunk=5,task_bytes=9,force_serial=1",
      ),
    ).toEqual({
      enabled: true,
      strategy: "threads",
      maxWorkers: 8,
      minBatchSize: 4,
      minInstancesForParallel: 8,
      tinyWorkloadThreshold: 12,
      chunkSize: 5,
      taskSizeHintBytes: 9,
      forceSerialOnFailure: true,
    });
  });

  it.each<[string, EnvOptions]>([
    ["on,off", { enabled: false }],
    ["off,enable", { enabled: true }],
    ["threads,strategy=auto", { strategy: "auto" }],
    ["workers=4,off,workers=2", { maxWorkers: 2, enabled: false }],
  ])("the last one wins: %s", (text, options) => {
    expect(parseEnv(text)).toEqual(options);
  });
});

describe("what is refused", () => {
  it.each([
    ["yes", EVERY_TOKEN],
    ["thread", EVERY_TOKEN],
    ["serial", EVERY_TOKEN],
    ["enable=1", EVERY_TOKEN],
    ["threads=4", EVERY_TOKEN],
    ["workers", EVERY_TOKEN],
    ["max_workers=4", EVERY_TOKEN],
    ["workers:4", EVERY_TOKEN],
    ["on;workers=4", EVERY_TOKEN],
    ["=4", EVERY_TOKEN],
    ["=", EVERY_TOKEN],
    // Names of Object.prototype.
    ["constructor", EVERY_TOKEN],
    ["toString=1", EVERY_TOKEN],
    ["strategy=", STRATEGY],
    ["strategy=fibers", STRATEGY],
    ["workers=", INTEGER_1],
    ["workers=0", INTEGER_1],
    ["workers=-1", INTEGER_1],
    ["workers=+1", INTEGER_1],
    ["workers=1.5", INTEGER_1],
    ["workers=1e3", INTEGER_1],
    ["workers=0x10", INTEGER_1],
    ["workers=1_000", INTEGER_1],
    ["workers=four", INTEGER_1],
    ["workers=4=4", INTEGER_1],
    ["workers=9007199254740992", INTEGER_1],
    ["workers=٤", INTEGER_1],
    ["min_batch=-1", INTEGER_0],
    ["min_batch=many", INTEGER_0],
    ["min_instances=", INTEGER_0],
    ["tiny=1.0", INTEGER_0],
    ["instance_chunk=0", INTEGER_1],
    ["task_bytes=1MB", INTEGER_0],
    ["force_serial=", FORCE_SERIAL],
    ["force_serial=yes", FORCE_SERIAL],
    ["feature_chunk=4", FEATURE_CHUNK],
    ["feature_chunk", FEATURE_CHUNK],
    ["granularity=feature", GRANULARITY],
    ["granularity=Feature", GRANULARITY],
    ["granularity=", "granularity=instance"],
    ["granularity=row", "granularity=instance"],
  ])("%s", (token, allowed) => {
    // At any place, it is told as it was written.
    for (const text of [token, ` ${token} `, `on,${token},workers=2`]) {
      const error = failureOf(() => parseEnv(text));
      expect(error).toMatchObject({ field: "CE_PARALLEL", received: token, allowed });
      expect(error.message).toBe(
        `Cannot configure "CE_PARALLEL" as it must be ${allowed}: current value is ${JSON.stringify(token)}`,
      );
    }
  });

  it.each([[4], [null], [["threads"]]])("what is no text: %o", (text) => {
    const error = failureOf(() => parseEnv(text));
    expect(error).toMatchObject({ field: "CE_PARALLEL", received: text, allowed: "text" });
  });

  it("the first of several", () => {
    expect(failureOf(() => parseEnv("on,nonsense,workers=0")).received).toBe("nonsense");
  });

  it("a token that a later one would overrule", () => {
    expect(failureOf(() => parseEnv("workers=0,workers=2")).received).toBe("workers=0");
  });
});

it.each<[string, keyof ParallelOptions]>([
  ["workers", "maxWorkers"],
  ["min_batch", "minBatchSize"],
  ["min_instances", "minInstancesForParallel"],
  ["tiny", "tinyWorkloadThreshold"],
  ["instance_chunk", "chunkSize"],
  ["task_bytes", "taskSizeHintBytes"],
])("%s= allows what %s allows", (key, field) => {
  const isAllowed = (run: () => unknown): boolean => {
    try {
      run();
      return true;
    } catch {
      return false;
    }
  };
  const verdicts = [0, 1, 2, Number.MAX_SAFE_INTEGER].map((value) => {
    const asToken = isAllowed(() => parseEnv(`${key}=${value}`));
    expect(asToken, `${value}`).toBe(isAllowed(() => checkField(field, value)));
    return asToken;
  });
  expect(verdicts).toContain(true);
});

describe("ParallelConfig.fromEnv", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it("lays the variable over the base over the defaults", () => {
    const base = { strategy: "sequential", maxWorkers: 3, minBatchSize: 5 } as const;
    const config = ParallelConfig.fromEnv(base, { CE_PARALLEL: "threads,min_batch=9,tiny=4" });
    expect({ ...config }).toEqual({
      ...new ParallelConfig(),
      strategy: "threads",
      maxWorkers: 3,
      minBatchSize: 9,
      tinyWorkloadThreshold: 4,
    });
    expect(base).toEqual({ strategy: "sequential", maxWorkers: 3, minBatchSize: 5 });
  });

  it("gives a frozen config", () => {
    const config = ParallelConfig.fromEnv({}, { CE_PARALLEL: "off" });
    expect(config).toBeInstanceOf(ParallelConfig);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("takes every field of a config over", () => {
    const base = new ParallelConfig({
      enabled: false,
      strategy: "threads",
      maxWorkers: 3,
      minBatchSize: 1,
      minInstancesForParallel: 2,
      tinyWorkloadThreshold: 3,
      chunkSize: 4,
      taskSizeHintBytes: 5,
      forceSerialOnFailure: true,
      telemetry: () => {},
      workerInitializer: defineKernel(import.meta.url, "initializer", () => {}),
      maxSharedBytes: 6,
      taskTimeout: 10,
      maxRetries: 7,
      idleTimeout: 8,
      captures: "error",
      verifyImmutable: true,
      resourceLimits: { stackSizeMb: 9 },
      createWorker: () => new Worker("worker.js"),
      hostProfile: { perTask: 1 },
    });
    const defaults = new ParallelConfig();
    for (const field of Object.keys(base) as (keyof ParallelConfig)[]) {
      expect(base[field], field).not.toEqual(defaults[field]);
    }
    expect({ ...ParallelConfig.fromEnv(base, {}) }).toEqual({ ...base });
    expect({ ...ParallelConfig.fromEnv(base, { CE_PARALLEL: "workers=2" }) }).toEqual({
      ...base,
      maxWorkers: 2,
    });
  });

  it.each(["threads", "workers=2", "auto,force_serial=1"])("does not switch on by %s alone", (text) => {
    expect(ParallelConfig.fromEnv({ enabled: false }, { CE_PARALLEL: text }).enabled).toBe(false);
    expect(ParallelConfig.fromEnv({ enabled: false }, { CE_PARALLEL: `on,${text}` }).enabled).toBe(true);
  });

  it.each([
    [{}],
    [{ CE_PARALLEL: undefined }],
    [{ CE_PARALLEL: "" }],
    [{ CE_WORKERS: "2", ce_parallel: "off" }],
  ])("changes nothing for %o", (env) => {
    expect({ ...ParallelConfig.fromEnv({ maxWorkers: 2 }, env) }).toEqual({
      ...new ParallelConfig({ maxWorkers: 2 }),
    });
  });

  it("reads the environment of the process by default", () => {
    vi.stubEnv("CE_PARALLEL", "off,workers=5");
    expect(ParallelConfig.fromEnv()).toMatchObject({ enabled: false, maxWorkers: 5 });
    expect(ParallelConfig.fromEnv({ maxWorkers: 2 }, {})).toMatchObject({ enabled: true, maxWorkers: 2 });
    // The constructor does not.
    expect(new ParallelConfig().enabled).toBe(true);
  });

  it.each([[undefined], [{}]])("has an empty environment where `process` is %o", (process) => {
    const expected = { ...new ParallelConfig({ maxWorkers: 2, maxSharedBytes: 9 }) };
    vi.stubEnv("CE_PARALLEL", "off");
    vi.stubGlobal("process", process);
    const config = ParallelConfig.fromEnv({ maxWorkers: 2, maxSharedBytes: 9 });
    vi.unstubAllGlobals();
    expect({ ...config }).toEqual(expected);
  });

  it.each<[unknown, string]>([
    [null, "options"],
    ["threads", "options"],
    [[], "options"],
    [{ max_workers: 2 }, "max_workers"],
    // Also if the variable would hide it.
    [{ maxWorkers: 0 }, "maxWorkers"],
  ])("refuses a base of %o", (base, field) => {
    const error = failureOf(() =>
      ParallelConfig.fromEnv(base as ParallelOptions, { CE_PARALLEL: "workers=2" }),
    );
    expect(error.field).toBe(field);
  });

  it.each([[null], ["threads"]])("refuses an environment of %o", (env) => {
    const error = failureOf(() => ParallelConfig.fromEnv({}, env as unknown as Record<string, string>));
    expect(error).toMatchObject({ field: "env", received: env });
  });

  it("refuses a token that is wrong", () => {
    expect(failureOf(() => ParallelConfig.fromEnv({}, { CE_PARALLEL: "on, Joblibs" }))).toMatchObject({
      field: "CE_PARALLEL",
      received: "Joblibs",
    });
  });
});
