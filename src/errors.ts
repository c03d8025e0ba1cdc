/** Errors that sharray raises. Each carries a stable `code`; bad arguments are plain `TypeError`/`RangeError`. */

/** Base of all errors of this package: `error instanceof SharrayError` is the one guard a caller needs. */
export abstract class SharrayError extends Error {
  /** Stable identifier, fit for `switch` and for logs. */
  abstract readonly code: string;
}

/** A task and the elements that it covers. */
export interface TaskRange {
  readonly index: number;
  /** First element of its range. */
  readonly start: number;
  /** One past the last element of its range. */
  readonly end: number;
}

/** What had ended when a call failed: enough to go on without doing it again. */
export interface PartialResults {
  /**
   * The results of the tasks that had ended, by index, ascending. `streamShared` has given them to its loop, and has
   * none here; `transformShared` has `undefined` for each, `iterateShared` has none.
   */
  readonly values: ReadonlyMap<number, unknown>;
  /**
   * `transformShared`: the outputs, as the call would have given them. What they hold in the ranges of unfinished tasks means
   * nothing. `iterateShared`: the state after the last pass that had ended, whole; `undefined` if none had. `undefined` for other
   * calls.
   */
  readonly outputs: ArrayBufferView | Readonly<Record<string, ArrayBufferView>> | undefined;
  /**
   * The tasks that have no result, ascending; the failed ones are among them. With `iterateShared` they are those of the pass
   * that had not ended.
   */
  readonly unfinished: readonly TaskRange[];
  /** `iterateShared`: the passes that had ended. `undefined` for other calls. */
  readonly passes?: number | undefined;
}

/** A field of `ParallelConfig`, a call option, or a token of `CE_PARALLEL` has a value that is not allowed. */
export class ConfigurationError extends SharrayError {
  readonly code = "SHARRAY_CONFIGURATION";
  /** The field, option or token that is wrong. */
  readonly field: string;
  /** The value that was received. */
  readonly received: unknown;
  /** What is allowed, in words. */
  readonly allowed: string;

  constructor(field: string, received: unknown, allowed: string) {
    super(`Cannot configure "${field}" as it must be ${allowed}: current value is ${quote(received)}`);
    this.field = field;
    this.received = received;
    this.allowed = allowed;
  }
}

/** Names that compilers give to what they add for older targets: TypeScript, esbuild and SWC, then Babel. */
const HELPER =
  /^(__[a-z][A-Za-z]*|_this\d*|_(async|await|class|define|extends|for|object|sliced|spread|to)[A-Z]\w*|_extends)$/;

/** An inline kernel uses variables of the program that can't be copied, or with `captures: "error"` any. */
export class KernelCaptureError extends SharrayError {
  readonly code = "SHARRAY_KERNEL_CAPTURE";
  /** The captured variables, in the order of their first use; or the path to the value that can't be copied: `model.fit`. */
  readonly variables: readonly string[];

  /** @param why what is wrong with the variables; default: none may be captured */
  constructor(kernel: string, variables: readonly string[], why?: string) {
    const names = variables.map((name) => `"${name}"`).join(", ");
    const helpers = variables.map((name) => name.split(".")[0] as string).filter((name) => HELPER.test(name));
    super(
      `Cannot send ${kernel} to workers as it captures ${names} from the scope around it` +
        `${why === undefined ? "" : `, which ${why}`}: ` +
        'pass small values in "args" and big arrays in "shared", ' +
        "move functions into the kernel, or export the kernel from a module with defineKernel()" +
        (helpers.length === 0
          ? ""
          : `. Your compiler added ${helpers.join(", ")}: raise its target to ES2022, and nothing is captured`),
    );
    this.variables = Object.freeze([...variables]);
  }
}

/** A kernel threw, or its result cannot leave the worker or be read here. `cause` is what it threw, or why that is. */
export class KernelError extends SharrayError {
  readonly code = "SHARRAY_KERNEL";
  /** Index of the task that failed: the lowest one of the call, whichever worker was faster. */
  readonly index: number;
  /** First element of the task's range. */
  readonly start: number;
  /** One past the last element of the task's range. */
  readonly end: number;
  /** `iterateShared`: the pass that the task was in, from 0. `undefined` for other calls. */
  readonly pass: number | undefined;
  readonly partial: PartialResults | undefined = undefined;

  constructor(index: number, start: number, end: number, cause: unknown, pass?: number) {
    super(`Task ${placeOf(index, start, end, pass)} failed: ${describeCause(cause)}`, { cause });
    this.pass = pass;
    this.index = index;
    this.start = start;
    this.end = end;
  }
}

/**
 * Workers ended before their tasks did, more often than `maxRetries` allows, or could not be started. `cause` is the error that
 * ended the last of them, if there was one.
 */
export class WorkerLostError extends SharrayError {
  readonly code = "SHARRAY_WORKER_LOST";
  /** Exit code of the worker, that of the shell if a signal ended it; `undefined` if it never started. */
  readonly exitCode: number | undefined;
  /** The signal that ended it if it was a process, such as "SIGSEGV"; else `undefined`. */
  readonly signal: string | undefined;
  /** Index of the task that ended its workers, the lowest one of such tasks; `undefined` if no task is to blame. */
  readonly index: number | undefined;
  /** First element of that task's range. */
  readonly start: number | undefined;
  /** One past the last element of that task's range. */
  readonly end: number | undefined;
  /** `iterateShared`: the pass that the task was in, from 0; else `undefined`. */
  readonly pass: number | undefined;
  readonly partial: PartialResults | undefined = undefined;

  constructor(
    message: string,
    exitCode: number | undefined,
    cause?: unknown,
    task?: TaskRange & { readonly pass?: number | undefined },
    signal?: string,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.signal = signal;
    this.index = task?.index;
    this.start = task?.start;
    this.end = task?.end;
    this.pass = task?.pass;
  }
}

/** A task took longer than its time-out. It is not tried again. */
export class TaskTimeoutError extends SharrayError {
  readonly code = "SHARRAY_TASK_TIMEOUT";
  /** Index of the task: the lowest one of those that failed. */
  readonly index: number;
  /** First element of the task's range. */
  readonly start: number;
  /** One past the last element of the task's range. */
  readonly end: number;
  /** Milliseconds that it had. */
  readonly timeout: number;
  /** `iterateShared`: the pass that the task was in, from 0. `undefined` for other calls. */
  readonly pass: number | undefined;
  readonly partial: PartialResults | undefined = undefined;

  constructor(index: number, start: number, end: number, timeout: number, pass?: number) {
    super(
      `Task ${placeOf(index, start, end, pass)} was ended as it must end within ${timeout} ms: ` +
        'have the kernel look at aborted(), make "chunkSize" smaller or "timeout" longer',
    );
    this.index = index;
    this.start = start;
    this.end = end;
    this.timeout = timeout;
    this.pass = pass;
  }
}

/** A task as messages name it: `3 of pass 17 (elements 48 to 64)`. */
export function placeOf(index: number, start: number, end: number, pass: number | undefined): string {
  return `${index}${pass === undefined ? "" : ` of pass ${pass}`} (elements ${start} to ${end})`;
}

/** Enters what had ended into the error that ends a call, if it has a place for that. */
export function attachPartial(error: unknown, partial: () => PartialResults): void {
  const hasPlace =
    error instanceof KernelError ||
    error instanceof WorkerLostError ||
    error instanceof TaskTimeoutError ||
    error instanceof ClusterError;
  if (hasPlace) (error as { partial: PartialResults | undefined }).partial = partial();
}

/** With `verifyImmutable`: an input has changed while the call ran. `cause` is what the call failed with besides. */
export class PayloadMutatedError extends SharrayError {
  readonly code = "SHARRAY_PAYLOAD_MUTATED";
  /** The first array that has changed: a column's name, "the array", or a path such as `input[3]` or `args.model.weights`. */
  readonly array: string;
  /** The first element of it that has changed. */
  readonly index: number;
  /** The tasks that were given that element: from the first ... */
  readonly firstTask: number;
  /** ... to the last. */
  readonly lastTask: number;
  /** First element of the array that these tasks were given: the start of a chunk, or 0. */
  readonly start: number;
  /** One past the last element of the array that these tasks were given. */
  readonly end: number;

  constructor(
    array: string,
    index: number,
    [firstTask, lastTask]: readonly [number, number],
    [start, end]: readonly [number, number],
    cause?: KernelError | TaskTimeoutError,
  ) {
    const tasks = firstTask === lastTask ? `task ${firstTask}` : `tasks ${firstTask} to ${lastTask}`;
    super(
      `Cannot vouch for the results as inputs must stay as they are: element ${index} of ${quote(array)} has changed, ` +
        `which was given to ${tasks} (elements ${start} to ${end}); write to an output, or to a copy made with slice()`,
      cause === undefined ? undefined : { cause },
    );
    this.array = array;
    this.index = index;
    this.firstTask = firstTask;
    this.lastTask = lastTask;
    this.start = start;
    this.end = end;
  }
}

/** Placing a call's arrays would exceed `maxSharedBytes`, or what the system has. Nothing was placed. */
export class MemoryLimitError extends SharrayError {
  readonly code = "SHARRAY_MEMORY_LIMIT";
  /** Bytes that were asked for. */
  readonly requested: number;
  /** Bytes in use when they were asked for. */
  readonly inUse: number;
  /** The limit, `maxSharedBytes`. */
  readonly limit: number;

  /** @param needed bytes of the request's regions, which come in classes of size @param uncollected bytes not yet freed */
  constructor(requested: number, needed: number, inUse: number, limit: number, uncollected = 0) {
    const isOver = inUse + needed > limit || uncollected > 0;
    const garbage = uncollected === 0 ? "" : `, ${uncollected} wait for the garbage collector`;
    super(
      `Cannot place ${requested} bytes in shared memory as ` +
        (isOver ? `at most ${limit} may be used: ` : "the system has no more of it: ") +
        `${needed} are needed in whole regions and ${inUse} are in use${garbage}; ` +
        `drop arrays that are no longer needed${isOver ? ', raise "maxSharedBytes",' : ""} or process fewer at a time`,
    );
    this.requested = requested;
    this.inUse = inUse;
    this.limit = limit;
  }
}

/** The executor was shut down. */
export class ExecutorClosedError extends SharrayError {
  readonly code = "SHARRAY_EXECUTOR_CLOSED";

  constructor(call: string) {
    super(`Cannot call ${call} as the executor was shut down: create a new ParallelExecutor`);
  }
}

/** Threads were asked for in a page that is not cross-origin isolated, so they can't share memory. */
export class IsolationError extends SharrayError {
  readonly code = "SHARRAY_ISOLATION";

  constructor(what: string, why: string) {
    super(`Cannot ${what} as ${why}`);
  }
}

/** An inline kernel is text that has to be compiled, and a Content-Security-Policy forbids that. */
export class EvalForbiddenError extends SharrayError {
  readonly code = "SHARRAY_EVAL_FORBIDDEN";

  constructor(kernel: string, options?: ErrorOptions) {
    super(
      `Cannot use ${kernel} inline as it must be compiled from its text, which is forbidden here: export it from a module ` +
        `with defineKernel(), or let the Content-Security-Policy have 'unsafe-eval' in its script-src ` +
        "(in Node, leave out --disallow-code-generation-from-strings)",
      options,
    );
  }
}

/** Why a client of `sharray/bridge` and the executor do not reach each other. */
export type ConnectionFailure = "closed" | "lost" | "timeout" | "version";

/** A client of `sharray/bridge` cannot reach the executor of the other thread. */
export class ConnectionError extends SharrayError {
  readonly code = "SHARRAY_CONNECTION";
  /**
   * `"closed"`: the client was closed. `"lost"`: the thread that serves the executor ended, or stopped serving. `"timeout"`:
   * nobody serves it. `"version"`: the two sides are different releases of this package.
   */
  readonly reason: ConnectionFailure;

  constructor(reason: ConnectionFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Why a cluster does not run a call. */
export type ClusterFailure = "unreachable" | "refused" | "lost" | "timeout" | "version";

/** The nodes of `sharray/cluster` do not run a call, or not to its end. */
export class ClusterError extends SharrayError {
  readonly code = "SHARRAY_CLUSTER";
  /**
   * `"unreachable"`: the store does not answer. `"refused"`: the nodes, or this side, do not accept the request. `"lost"`:
   * tasks ended their nodes too often. `"timeout"`: no node serves the queue. `"version"`: the sides have different kernels or
   * releases.
   */
  readonly reason: ClusterFailure;
  readonly partial: PartialResults | undefined = undefined;

  constructor(reason: ClusterFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

// Long enough to recognise a value by, short enough for one line.
const LONGEST_QUOTE = 100;

/** A value as an error message shows it: short, on one line, never throwing. */
export function quote(value: unknown): string {
  try {
    const line = show(value).replace(/\s+/g, " ");
    return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE - 3)}...` : line;
  } catch {
    return "a value that cannot be shown";
  }
}

function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value)) return `${tag} of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (value instanceof TypedArray)
    return `a proxy of ${value.constructor.name}, or an object that inherits from it`;
  if (tag !== "Object") return tag;
  const maker = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value) ?? {}, "constructor")?.value;
  const what =
    maker === undefined || maker.name === "Object" ? "object" : `instance of ${maker.name || "a class"}`;
  return `${what} with keys ${quoteKeys(value)}`;
}

const TypedArray = Object.getPrototypeOf(Int8Array) as Int8ArrayConstructor;

function quoteKeys(value: object): string {
  const keys = Object.keys(value);
  const shown = keys.slice(0, 5).join(", ");
  return keys.length === 0 ? "(none)" : keys.length > 5 ? `${shown}, ...` : shown;
}

function describeCause(cause: unknown): string {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return `it threw ${quote(cause)}`;
}

// By their names: bundlers shorten those of classes, and leave those of fields.
const CLASSES: Readonly<Record<string, { readonly prototype: SharrayError }>> = {
  ClusterError,
  ConfigurationError,
  ConnectionError,
  EvalForbiddenError,
  ExecutorClosedError,
  IsolationError,
  KernelCaptureError,
  KernelError,
  MemoryLimitError,
  PayloadMutatedError,
  TaskTimeoutError,
  WorkerLostError,
};
for (const [name, { prototype }] of Object.entries(CLASSES)) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}

/** The prototype of the errors with a code: `SHARRAY_KERNEL` is that of `KernelError`. `undefined` if there is none. */
export function prototypeOf(code: unknown): SharrayError | undefined {
  const codeOf = (name: string): string =>
    `SHARRAY${name
      .replace(/Error$/, "")
      .replace(/[A-Z]/g, "_$&")
      .toUpperCase()}`;
  return Object.entries(CLASSES).find(([name]) => codeOf(name) === code)?.[1].prototype;
}
