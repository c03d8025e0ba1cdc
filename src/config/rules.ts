/** What each field of the configuration may be. Loads no strategy: a client of the bridge checks call options by it. */
import { ConfigurationError, quote } from "../errors.js";
import type { CapturesMode } from "../kernel/captured.js";
import { moduleExport } from "../kernel/module/define.js";
import type { AnyKernel } from "../kernel/types.js";
import { isRecord } from "../memory/inputs.js";
import { HOST_FIELDS } from "../plan/host-profile.js";
import type { ParallelOptions, ResourceLimits } from "./options.js";

/** The longest that a timer waits. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * What Node takes, each with its least. Below it the whole process ends. That happens with a stack of less than 0.3 MB (Node
 * 20). It also does with an old generation of less than 2.5 MB (Node 22 to 26): V8 can't unpack the thread's first objects
 * there.
 */
const RESOURCES = {
  maxYoungGenerationSizeMb: 0,
  maxOldGenerationSizeMb: 3,
  codeRangeSizeMb: 0,
  stackSizeMb: 1,
} satisfies Required<ResourceLimits>;

const CAPTURES: readonly CapturesMode[] = ["copy", "error"];

/** @returns what is allowed; `undefined` if the value is */
type Rule = (value: unknown, strategies: readonly string[]) => string | undefined;

/** Names and rules of all fields, in the order of `ParallelOptions`. */
export const FIELDS: { readonly [F in keyof Required<ParallelOptions>]: Rule } = {
  enabled: boolean,
  strategy: (value, strategies) =>
    allow(strategies.includes(value as string), `one of ${strategies.map(quote).join(", ")}`),
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

/**
 * @param name what the caller calls it
 * @param strategies names that `strategy` may have. A client of the bridge has them from its host
 * @throws ConfigurationError if `value` is not allowed for `field`; call options share the rules
 */
export function checkField(
  field: keyof ParallelOptions,
  value: unknown,
  name: string = field,
  strategies: readonly string[] = [],
): void {
  const allowed = FIELDS[field](value, strategies);
  if (allowed !== undefined) throw new ConfigurationError(name, value, allowed);
}

/** @returns what is allowed; `undefined` if the value is */
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
