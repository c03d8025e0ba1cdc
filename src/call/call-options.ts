/** The options of the public calls, checked. */
import { checkField } from "../config/rules.js";
import { ConfigurationError, quote } from "../errors.js";
import { isRecord } from "../memory/inputs.js";
import { isSignal } from "../platform/realms.js";
import type { CallName } from "../telemetry/events.js";
import type { CallOptions, GivenOptions } from "./types.js";

/** The options of a call that was given none. */
export const NO_OPTIONS: CallOptions<never, never, never> = Object.freeze({});

const OPTIONS = [
  "args",
  "shared",
  "writable",
  "idempotent",
  "chunkSize",
  "rowLength",
  "halo",
  "strategy",
  "taskSizeHintBytes",
  "signal",
  "timeout",
  "seed",
  "captures",
  "onProgress",
];
const REDUCE_OPTIONS = [...OPTIONS, "initial"];
// Items are not cut.
export const MAP_OPTIONS = OPTIONS.filter((name) => !["chunkSize", "rowLength", "halo"].includes(name));
const STREAM_OPTIONS = [...OPTIONS, "ordered"];
const COLLECT_OPTIONS = [...OPTIONS, "capacity"];
const ITERATE_OPTIONS = [...OPTIONS, "passes", "tolerance"];
/** Those of one call that are set to `undefined` are not given to another. */
const ALL_OPTIONS = [...REDUCE_OPTIONS, "capacity", "ordered", "passes", "tolerance"];

/** The options of a call over arrays. */
export function optionsOf(call: CallName): readonly string[] {
  if (call === "reduceShared") return REDUCE_OPTIONS;
  if (call === "streamShared") return STREAM_OPTIONS;
  if (call === "iterateShared") return ITERATE_OPTIONS;
  return call === "collectShared" ? COLLECT_OPTIONS : OPTIONS;
}

/**
 * @param known the options of this call
 * @param strategies names of strategies
 * @throws TypeError, ConfigurationError
 */
export function checkCallOptions(
  options: unknown,
  known: readonly string[],
  strategies: readonly string[],
): void {
  if (options === NO_OPTIONS) return;
  if (!isRecord(options)) {
    throw new TypeError(
      `Cannot read the options as they must be a plain object: current value is ${quote(options)}`,
    );
  }
  const given = options as GivenOptions;
  for (const name of Object.keys(options)) {
    if (!known.includes(name) && !(options[name] === undefined && ALL_OPTIONS.includes(name))) {
      throw new ConfigurationError(
        name,
        options[name],
        `left out: the options of this call are ${known.join(", ")}`,
      );
    }
  }
  const {
    chunkSize,
    strategy,
    taskSizeHintBytes,
    captures,
    seed,
    signal,
    timeout,
    onProgress,
    idempotent,
    capacity,
    ordered,
  } = given;
  if (chunkSize !== undefined) checkField("chunkSize", chunkSize);
  if (strategy !== undefined) checkField("strategy", strategy, "strategy", strategies);
  if (taskSizeHintBytes !== undefined) checkField("taskSizeHintBytes", taskSizeHintBytes);
  if (captures !== undefined) checkField("captures", captures);
  if (timeout !== undefined) checkField("taskTimeout", timeout, "timeout");
  if (idempotent !== undefined) checkField("enabled", idempotent, "idempotent");
  if (ordered !== undefined) checkField("enabled", ordered, "ordered");
  if (capacity !== undefined) checkField("chunkSize", capacity, "capacity");
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new ConfigurationError("seed", seed, "an integer of at least 0");
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(
      `Cannot watch "signal" as it must be an AbortSignal: current value is ${quote(signal)}`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(
      `Cannot report to "onProgress" as it must be a function: current value is ${quote(onProgress)}`,
    );
  }
}
