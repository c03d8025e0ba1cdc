/** Configurations that are refused. */
import { defineKernel, ParallelConfig, ParallelExecutor, type ParallelOptions } from "sharray";
import { describe } from "vitest";
import { configuration, type Refusal, refuses, typeError } from "./refusals.js";

const BOOLEAN = "true or false";
const FROM_0 = "an integer of at least 0";
const FROM_1 = "an integer of at least 1";
const STRATEGY = 'one of "auto", "sequential", "threads", "processes"';
const LISTENER = "a function (event, payload) => void";
const INITIALIZER = "a kernel made with defineKernel()";
const MILLISECONDS = "milliseconds from 0 to 2147483647";
const ABOVE_0 = "milliseconds above 0, at most 2147483647";
const LIMITS =
  "an object of megabytes by name (maxYoungGenerationSizeMb, maxOldGenerationSizeMb from 3, codeRangeSizeMb, stackSizeMb from 1)";
const COSTS = `an object of costs by name (${Object.keys(new ParallelExecutor().hostProfile).join(", ")})`;
const FIELDS = `left out: the fields are ${Object.keys(new ParallelConfig()).join(", ")}`;

function listen(): void {}

describe("a field", () => {
  const rows: readonly [field: string, value: unknown, allowed: string, shown: string][] = [
    ["enabled", "yes", BOOLEAN, '"yes"'],
    ["enabled", null, BOOLEAN, "null"],
    ["strategy", "process", STRATEGY, '"process"'],
    ["strategy", "Threads", STRATEGY, '"Threads"'],
    ["strategy", ["threads"], STRATEGY, "array of 1"],
    ["maxWorkers", 0, FROM_1, "0"],
    ["maxWorkers", 1.5, FROM_1, "1.5"],
    ["maxWorkers", Number.NaN, FROM_1, "NaN"],
    ["maxWorkers", "2", FROM_1, '"2"'],
    ["maxWorkers", 2n, FROM_1, "2n"],
    ["minBatchSize", -1, FROM_0, "-1"],
    ["minInstancesForParallel", 0.5, FROM_0, "0.5"],
    ["tinyWorkloadThreshold", -Infinity, FROM_0, "-Infinity"],
    ["chunkSize", 0, FROM_1, "0"],
    ["chunkSize", 2 ** 53, FROM_1, "9007199254740992"],
    ["chunkSize", listen, FROM_1, "function listen"],
    ["taskSizeHintBytes", -1, FROM_0, "-1"],
    ["forceSerialOnFailure", "true", BOOLEAN, '"true"'],
    ["telemetry", { log: listen }, LISTENER, "object with keys log"],
    ["workerInitializer", listen, INITIALIZER, "function listen"],
    ["maxSharedBytes", "1GB", FROM_0, '"1GB"'],
    ["taskTimeout", 0, ABOVE_0, "0"],
    ["taskTimeout", "1s", ABOVE_0, '"1s"'],
    ["maxRetries", -1, FROM_0, "-1"],
    ["idleTimeout", -1, MILLISECONDS, "-1"],
    ["idleTimeout", Number.NaN, MILLISECONDS, "NaN"],
    ["idleTimeout", "5s", MILLISECONDS, '"5s"'],
    ["resourceLimits", new Map([["stackSizeMb", 4]]), LIMITS, "Map"],
    ["hostProfile", "fast", COSTS, '"fast"'],
    // Names as Python has them, names that look alike, names that every object has.
    ["max_workers", 2, FIELDS, "2"],
    ["MaxWorkers", undefined, FIELDS, "undefined"],
    ["toString", listen, FIELDS, "function listen"],
  ];
  refuses(
    rows.map(([field, value, allowed, shown]): Refusal => {
      const call = () => new ParallelExecutor({ [field]: value });
      return [`${field}: ${shown}`, call, configuration(field, allowed, shown)];
    }),
  );
});

describe("a figure", () => {
  const rows: readonly ["resourceLimits" | "hostProfile", name: string, figure: unknown, shown: string][] = [
    ["resourceLimits", "maxOldGenerationSizeMb", "64", '"64"'],
    ["resourceLimits", "codeRangeSizeMb", undefined, "undefined"],
    // These two would end the process.
    ["resourceLimits", "stackSizeMb", Infinity, "Infinity"],
    ["resourceLimits", "stackSizeMb", 0.25, "0.25"],
    ["resourceLimits", "maxOldGenerationSizeMb", 2, "2"],
    ["resourceLimits", "heapSizeMb", 64, "64"],
    ["resourceLimits", "valueOf", 1, "1"],
    ["hostProfile", "spawn", -1, "-1"],
    ["hostProfile", "perTask", Number.NaN, "NaN"],
    ["hostProfile", "parallelism", Infinity, "Infinity"],
  ];
  refuses(
    rows.map(([field, name, figure, shown]): Refusal => {
      const allowed = `${field === "hostProfile" ? COSTS : LIMITS}, without ${name}: ${shown}`;
      const check = configuration(field, allowed, `object with keys ${name}`);
      return [`${field}.${name}: ${shown}`, () => new ParallelConfig({ [field]: { [name]: figure } }), check];
    }),
  );
});

describe("options", () => {
  class Settings {
    maxWorkers = 2;
  }
  const rows: readonly [options: unknown, shown: string][] = [
    [null, "null"],
    ["threads", '"threads"'],
    [[{ maxWorkers: 2 }], "array of 1"],
    [listen, "function listen"],
    [new Map([["maxWorkers", 2]]), "Map"],
    [new Settings(), "instance of Settings with keys maxWorkers"],
    [Object.create({ maxWorkers: -3 }), "object with keys (none)"],
  ];
  refuses(
    rows.map(([options, shown]): Refusal => {
      const check = configuration("options", "a plain object or a ParallelConfig", shown);
      return [shown, () => new ParallelExecutor(options as ParallelOptions), check];
    }),
  );
});

describe("CE_PARALLEL", () => {
  const TOKEN =
    "left out, or one of enable, 1, on, true, 0, off, false, auto, sequential, threads, processes, joblib, " +
    "strategy=, workers=, " +
    "min_batch=, min_instances=, tiny=, instance_chunk=, task_bytes=, force_serial=, granularity=";
  const NAMES =
    "one of strategy=auto, strategy=sequential, strategy=threads, strategy=processes, strategy=joblib";
  const SWITCH =
    "one of force_serial=1, force_serial=on, force_serial=true, force_serial=0, force_serial=off, force_serial=false";
  const CHUNKS =
    'replaced by "instance_chunk=": chunks are ranges of elements, and every chunk has all columns';
  const INSTANCES =
    'replaced by "granularity=instance": for one task per feature, give mapShared a list with an array per feature';
  const at0 = 'an integer of at least 0 behind the "="';
  const at1 = 'an integer of at least 1 behind the "="';
  const rows: readonly [token: string, allowed: string][] = [
    ["enable=1", TOKEN],
    ["threads=4", TOKEN],
    ["workers", TOKEN],
    ["on;workers=4", TOKEN],
    ["=4", TOKEN],
    ["constructor", TOKEN],
    ["strategy=fibers", NAMES],
    ["workers=0", at1],
    ["workers=1.5", at1],
    ["min_batch=-1", at0],
    ["instance_chunk=0", at1],
    ["task_bytes=1MB", at0],
    ["force_serial=yes", SWITCH],
    ["feature_chunk=4", CHUNKS],
    ["granularity=feature", INSTANCES],
    ["granularity=row", "granularity=instance"],
  ];
  refuses(
    rows.map(([token, allowed]): Refusal => {
      const call = () => ParallelConfig.fromEnv({}, { CE_PARALLEL: `on,${token},tiny=4` });
      return [token, call, configuration("CE_PARALLEL", allowed, JSON.stringify(token))];
    }),
  );
  const fromEnv = ParallelConfig.fromEnv as (...parameters: unknown[]) => ParallelConfig;
  const VARIABLES = "an object of variables, as process.env is";
  refuses([
    ["a number", () => fromEnv({}, { CE_PARALLEL: 4 }), configuration("CE_PARALLEL", "text", "4")],
    [
      "a list",
      () => fromEnv({}, { CE_PARALLEL: ["on"] }),
      configuration("CE_PARALLEL", "text", "array of 1"),
    ],
    [
      "its text in place of the environment",
      () => fromEnv({}, "on"),
      configuration("env", VARIABLES, '"on"'),
    ],
    ["no environment", () => fromEnv({}, null), configuration("env", VARIABLES, "null")],
    [
      "a base that is text",
      () => fromEnv("threads"),
      configuration("options", "a plain object or a ParallelConfig", '"threads"'),
    ],
    [
      "a base that it would mend",
      () => fromEnv({ maxWorkers: 0 }, { CE_PARALLEL: "workers=2" }),
      configuration("maxWorkers", FROM_1, "0"),
    ],
  ]);
});

describe("defineKernel", () => {
  const define = defineKernel as (...parameters: unknown[]) => unknown;
  const { url } = import.meta;
  const address =
    "Cannot define a kernel as its url must be import.meta.url, or __filename in CommonJS: current value is";
  const name = "Cannot define a kernel as its name must be the name it is exported under: current value is";
  refuses([
    ["a relative path", () => define("./kernels.js", "k", listen), typeError(`${address} "./kernels.js"`)],
    ["the function alone", () => define(listen), typeError(`${address} function listen`)],
    ["an empty name", () => define(url, "", listen), typeError(`${name} ""`)],
    ["no name", () => define(url, listen), typeError(`${name} function listen`)],
    [
      "no function",
      () => define(url, "rms"),
      typeError('Cannot define kernel "rms" as it must be a function: current value is undefined'),
    ],
  ]);
});
