/** What calls leave behind when they are refused: an error that tells all, and nothing else. */
import { subscribe } from "node:diagnostics_channel";
import { setImmediate } from "node:timers/promises";
import { ConfigurationError, KernelCaptureError, ParallelExecutor, type ParallelOptions } from "sharray";
import { expect, test } from "vitest";

type Method =
  | "mapShared"
  | "transformShared"
  | "reduceShared"
  | "map"
  | "mapInto"
  | "collectShared"
  | "iterateShared"
  | "streamShared"
  | "share"
  | "allocate"
  | "explain"
  | "start"
  | "shutdown";

/** The executor as JavaScript has it: its types would keep most wrong calls from being written. */
export type Untyped = Omit<ParallelExecutor, Method> & {
  readonly [M in Method]: (...parameters: unknown[]) => unknown;
};

/** Asserts what the error must be. */
export type Check = (error: unknown) => void;

/** What a call may leave behind. */
interface Traces {
  /** Calls that were taken for good before they failed. */
  readonly submitted: number;
  readonly events: readonly string[];
}

export type Refusal = readonly [
  name: string,
  call: (executor: Untyped) => unknown,
  check: Check,
  /** Nothing by default. */
  traces?: Traces,
];

const NOTHING: Traces = { submitted: 0, events: [] };

const events: string[] = [];
for (const event of ["parallel_decision", "parallel_execution", "parallel_fallback"]) {
  subscribe(`sharray:${event}`, () => events.push(event));
}
let workers = 0;
process.on("worker", () => {
  workers += 1;
});
subscribe("child_process", () => {
  workers += 1;
});

/** All that can be seen of what an executor did, from when its calls began. */
export async function tracesOf(executor: ParallelExecutor | Untyped) {
  // Node tells of a new worker in a later turn.
  await setImmediate();
  const { submitted, completed, failures } = executor.metrics.snapshot();
  const seen = { events: events.splice(0), workers };
  workers = 0;
  return { memory: executor.memory(), submitted, completed, failures, ...seen };
}

/** A test per row, each with executors that would run the call on a worker thread, and on a child process. */
export function refuses(rows: readonly Refusal[], options: ParallelOptions = {}): void {
  const strategies =
    options.strategy === undefined ? (["threads", "processes"] as const) : [options.strategy];
  for (const [name, call, check, { submitted, events } = NOTHING] of rows) {
    test(name, async () => {
      for (const strategy of strategies) {
        await using executor = new ParallelExecutor({ maxWorkers: 1, ...options, strategy });
        const before = await tracesOf(executor);
        check(await errorOf(() => call(executor as unknown as Untyped)));
        const expected = { ...before, submitted, failures: submitted, completed: 0, events, workers: 0 };
        expect(await tracesOf(executor)).toEqual(expected);
      }
    });
  }
}

async function errorOf(call: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    return error;
  }
  throw new Error(`the call was accepted: ${String(result)}`);
}

/** The class itself, not one that extends it; `code` undefined for the language's own classes. */
export function failure(
  type: abstract new (...parameters: never[]) => Error,
  code: string | number | undefined,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): Check {
  return (error) => {
    expect(error).toBeInstanceOf(Error);
    const given = error as Error & { readonly code?: unknown };
    expect({ message: given.message, code: given.code }).toEqual({ message, code });
    expect(given.constructor).toBe(type);
    expect(error).toMatchObject(fields);
  };
}

export function typeError(message: string): Check {
  return failure(TypeError, undefined, message);
}

export function rangeError(message: string): Check {
  return failure(RangeError, undefined, message);
}

/** @param shown the value that was received, as the text quotes it */
export function configuration(field: string, allowed: string, shown: string): Check {
  const message = `Cannot configure "${field}" as it must be ${allowed}: current value is ${shown}`;
  return failure(ConfigurationError, "SHARRAY_CONFIGURATION", message, { field, allowed });
}

export function capture(kernel: string, ...variables: string[]): Check {
  const names = variables.map((name) => `"${name}"`).join(", ");
  const message =
    `Cannot send kernel "${kernel}" to workers as it captures ${names} from the scope around it: ` +
    'pass small values in "args" and big arrays in "shared", ' +
    "move functions into the kernel, or export the kernel from a module with defineKernel()";
  return failure(KernelCaptureError, "SHARRAY_KERNEL_CAPTURE", message, { variables });
}

/** The names of all kinds of typed arrays, as messages list them. */
export const KINDS = [
  ...[
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
  ],
  ...["Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "Float16Array"],
]
  .filter((name) => name in globalThis)
  .join(", ");

/** An array whose buffer has gone elsewhere. */
export function transferred(): Float64Array {
  const array = new Float64Array(4);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** An array that lies past the end of its buffer. @param length `undefined` if it tracks the buffer's */
export function shrunk(length?: number): Float64Array {
  const buffer = new ArrayBuffer(64, { maxByteLength: 64 });
  const array = new Float64Array(buffer, 32, length);
  buffer.resize(16);
  return array;
}
