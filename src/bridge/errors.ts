/** Errors on their way between the two sides: class, code, fields and causes arrive. */
import {
  ConfigurationError,
  ConnectionError,
  ExecutorClosedError,
  KernelCaptureError,
  KernelError,
  MemoryLimitError,
  type SharrayError,
  WorkerLostError,
} from "../errors.js";
import { type Thrown, unpackThrown } from "../protocol/thrown.js";
import type { Answer } from "./protocol.js";

// By their codes: bundlers may rename classes, and differently on either side.
const CLASSES: Readonly<Record<string, { readonly prototype: SharrayError }>> = {
  SHARRAY_CONFIGURATION: ConfigurationError,
  SHARRAY_CONNECTION: ConnectionError,
  SHARRAY_EXECUTOR_CLOSED: ExecutorClosedError,
  SHARRAY_KERNEL: KernelError,
  SHARRAY_KERNEL_CAPTURE: KernelCaptureError,
  SHARRAY_MEMORY_LIMIT: MemoryLimitError,
  SHARRAY_WORKER_LOST: WorkerLostError,
};

/** What the other side threw, with the class that it had there. The stack of a `SharrayError` is this side's. */
export function unpackError(packed: Thrown): unknown {
  const error = unpackThrown(packed);
  if (!(error instanceof Error) || packed.type !== "error") return error;
  const found = CLASSES[String(packed.fields["code"])];
  if (found === undefined) return error;
  Object.setPrototypeOf(error, found.prototype);
  // The class tells it.
  delete (error as { name?: string }).name;
  // Only V8 can; elsewhere the stack is the other side's.
  Error.captureStackTrace?.(error, unpackError);
  return error;
}

/** @throws what the other side threw */
export function unpackAnswer<T>(answer: Answer<T>): T {
  if ("thrown" in answer) throw unpackError(answer.thrown);
  return answer.value;
}
