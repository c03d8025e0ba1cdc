/** Options from the text of the environment variable `CE_PARALLEL`. Pure. */
import { ConfigurationError } from "../errors.js";
import { STRATEGIES, type StrategyName } from "../strategies/registry.js";

export const VARIABLE = "CE_PARALLEL";

/** The part of `ParallelOptions` that text can say. */
export interface EnvOptions {
  readonly enabled?: boolean;
  readonly strategy?: "auto" | StrategyName;
  readonly maxWorkers?: number;
  readonly minBatchSize?: number;
  readonly minInstancesForParallel?: number;
  readonly tinyWorkloadThreshold?: number;
  readonly chunkSize?: number;
  readonly taskSizeHintBytes?: number;
  readonly forceSerialOnFailure?: boolean;
}

/** What a token sets; or, as text, what is allowed in its place. */
type Reading = EnvOptions | string;

const ON = ["1", "on", "true"];
const OFF = ["0", "off", "false"];

/** Words that ask for a strategy, with its name. */
const STRATEGY_WORDS: ReadonlyMap<string, "auto" | StrategyName> = new Map([
  ["auto", "auto"],
  ...STRATEGIES.flatMap(({ name, words }) => words.map((word): [string, StrategyName] => [word, name])),
]);

/** Tokens without a value. Only the first two lines touch `enabled`: to name a strategy does not switch it on. */
const WORDS: ReadonlyMap<string, EnvOptions> = new Map([
  ...["enable", ...ON].map((word): [string, EnvOptions] => [word, { enabled: true }]),
  ...OFF.map((word): [string, EnvOptions] => [word, { enabled: false }]),
  ...[...STRATEGY_WORDS].map(([word, strategy]): [string, EnvOptions] => [word, { strategy }]),
]);

/** Tokens `key=value`. */
const KEYS: ReadonlyMap<string, (value: string) => Reading> = new Map([
  ["strategy", readStrategy],
  ["workers", integerFrom(1, (maxWorkers) => ({ maxWorkers }))],
  ["min_batch", integerFrom(0, (minBatchSize) => ({ minBatchSize }))],
  ["min_instances", integerFrom(0, (minInstancesForParallel) => ({ minInstancesForParallel }))],
  ["tiny", integerFrom(0, (tinyWorkloadThreshold) => ({ tinyWorkloadThreshold }))],
  ["instance_chunk", integerFrom(1, (chunkSize) => ({ chunkSize }))],
  ["task_bytes", integerFrom(0, (taskSizeHintBytes) => ({ taskSizeHintBytes }))],
  ["force_serial", readForceSerial],
  ["granularity", readGranularity],
]);

/** Words and keys of the Python surface that mean nothing here, with what to write in their place. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  [
    "feature_chunk",
    'replaced by "instance_chunk=": chunks are ranges of elements, and every chunk has all columns',
  ],
]);

/**
 * Of tokens that set the same, the last one wins, so that a setting can be overruled by appending to it.
 * @throws ConfigurationError with the first token that is unknown or ill-formed, and what is allowed
 */
export function parseEnv(text: unknown = ""): EnvOptions {
  if (typeof text !== "string") throw new ConfigurationError(VARIABLE, text, "text");
  const tokens = text.split(",").map((token) => token.trim());
  return Object.assign({}, ...tokens.filter((token) => token !== "").map(readToken));
}

function readToken(token: string): EnvOptions {
  const [name = "", ...rest] = token.toLowerCase().split("=");
  const key = name.trim();
  const value = rest.length === 0 ? undefined : rest.join("=").trim();
  const known = value === undefined ? WORDS.get(key) : KEYS.get(key)?.(value);
  const reading = known ?? INSTEAD.get(key) ?? `left out, or one of ${everyToken()}`;
  if (typeof reading === "string") throw new ConfigurationError(VARIABLE, token, reading);
  return reading;
}

function everyToken(): string {
  return [...WORDS.keys(), ...[...KEYS.keys()].map((key) => `${key}=`)].join(", ");
}

function readStrategy(value: string): Reading {
  const strategy = STRATEGY_WORDS.get(value);
  if (strategy !== undefined) return { strategy };
  return (
    INSTEAD.get(value) ?? `one of ${[...STRATEGY_WORDS.keys()].map((word) => `strategy=${word}`).join(", ")}`
  );
}

function integerFrom(least: number, set: (value: number) => EnvOptions): (value: string) => Reading {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= least) return set(number);
    return `an integer of at least ${least} behind the "="`;
  };
}

function readForceSerial(value: string): Reading {
  if (ON.includes(value)) return { forceSerialOnFailure: true };
  if (OFF.includes(value)) return { forceSerialOnFailure: false };
  return `one of ${[...ON, ...OFF].map((word) => `force_serial=${word}`).join(", ")}`;
}

function readGranularity(value: string): Reading {
  // The one granularity there is: nothing to set.
  if (value === "instance") return {};
  if (value !== "feature") return "granularity=instance";
  return 'replaced by "granularity=instance": for one task per feature, give mapShared a list with an array per feature';
}
