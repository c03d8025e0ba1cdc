/** How a call over an array, columns or a count of rows is cut into chunks, and what of their neighbours tasks see. */
import { checkField } from "../config/rules.js";
import { ConfigurationError } from "../errors.js";
import { isRecord, type Payload, type Rows } from "../memory/inputs.js";
import { chunkCount, defaultChunkSize, defaultPassChunkSize } from "../plan/chunking.js";
import { MAX_TASKS } from "../protocol/control-block.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { CallSettings } from "./backend.js";
import type { GivenOptions } from "./types.js";

export type Cut = Pick<
  JobSpec,
  "shape" | "tasks" | "length" | "chunkSize" | "rowLength" | "before" | "after"
>;

/** @throws ConfigurationError, TypeError, RangeError */
export function readCut(payload: Payload | Rows, options: GivenOptions, settings: CallSettings): Cut {
  const { shape } = payload;
  const { rowLength, halo } = options;
  if (rowLength !== undefined) checkCuts("rowLength", rowLength, shape);
  if (halo !== undefined) checkCuts("halo", halo, shape);
  const { before, after } = readHalo(halo);
  if (shape === "list") {
    return { shape, tasks: payload.arrays.length, length: 0, chunkSize: 1, rowLength, before, after };
  }
  const length = rowsIn(payload.length, rowLength);
  const byLength = options.passes === undefined ? defaultChunkSize : defaultPassChunkSize;
  const chunkSize =
    options.chunkSize ?? chunkOf(settings.chunkSize, rowLength) ?? byLength(length, rowLength);
  const tasks = chunkCount(length, chunkSize);
  if (tasks > MAX_TASKS) {
    throw new RangeError(
      `Cannot cut ${length} elements into chunks of ${chunkSize} as a call has at most ${MAX_TASKS} tasks: ` +
        `current value is ${tasks}; raise "chunkSize"`,
    );
  }
  return { shape, tasks, length, chunkSize, rowLength, before, after };
}

function checkCuts(option: "rowLength" | "halo", value: unknown, shape: Cut["shape"]): void {
  const what = shape === "list" ? "the arrays of a list are not cut" : "a count of rows has no input";
  if (shape === "list" || shape === "rows") throw new ConfigurationError(option, value, `left out: ${what}`);
  if (option === "rowLength") checkField("chunkSize", value, option);
}

function rowsIn(elements: number, rowLength: number | undefined): number {
  const rows = elements / (rowLength ?? 1);
  if (Number.isInteger(rows)) return rows;
  throw new RangeError(
    `Cannot cut the input into rows of ${rowLength} elements as its length must be a multiple of that: current value is ${elements}; ` +
      `leave the rest out by subarray(0, ${elements - (elements % (rowLength as number))}), or pad it`,
  );
}

/** The executor's option counts elements. */
function chunkOf(elements: number | undefined, rowLength = 1): number | undefined {
  return elements === undefined ? undefined : Math.max(1, Math.floor(elements / rowLength));
}

function readHalo(halo: unknown): Pick<Cut, "before" | "after"> {
  if (halo === undefined) return { before: undefined, after: undefined };
  const isOne = typeof halo === "number";
  const {
    before = 0,
    after = 0,
    ...rest
  } = isOne ? { before: halo, after: halo } : isRecord(halo) ? halo : { before: -1 };
  if (!isReach(before) || !isReach(after) || Object.keys(rest).length > 0) {
    throw new ConfigurationError("halo", halo, "an integer of at least 0, or { before, after } of such");
  }
  return { before, after };
}

function isReach(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
