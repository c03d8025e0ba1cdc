/** The failure of a job as the caller gets it. */
import { KernelError, TaskTimeoutError } from "../errors.js";
import { taskRange } from "../protocol/job-spec.js";
import { unpackThrown } from "../protocol/thrown.js";
import type { Job } from "../strategies/job.js";
import { keepFailed } from "./failed-task.js";
import { leadToLine } from "./lead-to-line.js";
import type { Request } from "./request.js";

/** @returns the error of the failed task with the lowest index; `undefined` if none has failed */
export function failureOf(
  { failure, parts }: Job,
  request: Request,
): KernelError | TaskTimeoutError | undefined {
  if (failure === undefined) return undefined;
  const { thrown, pass } = failure;
  const [start, end] = taskRange(parts.spec, parts.sizes, failure.index);
  const index = parts.spec.single === true ? 0 : failure.index + (parts.spec.earlier ?? 0);
  const error =
    thrown === undefined
      ? new TaskTimeoutError(index, start, end, parts.timeout as number, pass)
      : new KernelError(index, start, end, unpackThrown(thrown), pass);
  if (request.fn === undefined) return error;
  if (error instanceof KernelError) leadToLine(error, request);
  keepFailed(error, failure.index, request, parts.block.items);
  return error;
}
