/** How a call fails if this thread could not read a message about it. */

import type { Request } from "../call/request.js";
import { attachPartial, KernelError, type PartialResults, type TaskRange } from "../errors.js";
import { taskRange } from "../protocol/job-spec.js";
import { unreadError } from "../protocol/unread-error.js";

export function rangeIn({ spec, table }: Request, index: number): TaskRange {
  const [start, end] = taskRange(spec, table.arrays, index);
  return { index: index + (spec.earlier ?? 0), start, end };
}

/**
 * The error of the first task of which this thread has no value.
 * @param values those that this thread has
 * @param reason why a message could not be read
 */
export function unreadFailure(
  request: Request,
  values: ReadonlyMap<number, unknown>,
  reason: unknown,
  outputs: () => PartialResults["outputs"],
): KernelError {
  const unfinished: TaskRange[] = [];
  for (let index = 0; index < request.spec.tasks; index += 1)
    if (!values.has(index)) unfinished.push(rangeIn(request, index));
  const error = failureOf(unfinished[0] ?? rangeIn(request, 0), reason);
  attachPartial(error, () => ({ values, outputs: outputs(), unfinished }));
  return error;
}

/**
 * The error of a call that has failed on the host. As for calls of this thread, the failure of the first task counts.
 * @param error what the call failed with
 * @param unread tasks whose values could not be read here
 */
export function earlierFailure(
  request: Request,
  error: unknown,
  unread: readonly number[],
  reason: unknown,
): unknown {
  const first = Math.min(...unread);
  if (!(error instanceof KernelError) || first + (request.spec.earlier ?? 0) > error.index) return error;
  const { partial } = error;
  const earlier = failureOf(rangeIn(request, first), reason);
  if (partial !== undefined) attachPartial(earlier, () => partial);
  return earlier;
}

/** The error of a task of a stream. The stream's loop has what came before. */
export function unreadResult(request: Request, index: number, reason: unknown): KernelError {
  return failureOf(rangeIn(request, index), reason);
}

function failureOf({ index, start, end }: TaskRange, reason: unknown): KernelError {
  return new KernelError(index, start, end, unreadError(reason));
}
