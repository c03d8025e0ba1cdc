/** Reads what `submit` was given. */
import type { Kernel } from "../../kernel/resolve.js";
import type { AnyKernel } from "../../kernel/types.js";
import { clock } from "../../platform/clock.js";
import { ArrayTable } from "../../protocol/array-table.js";
import { INLINE_LIMIT, ValueEncoder } from "../../protocol/codec.js";
import type { CallSettings } from "../backend.js";
import { itemsRequest } from "../read-request.js";
import type { Request } from "../request.js";
import type { GivenOptions } from "../types.js";

/**
 * What single jobs ask for.
 * @param items of one job, or none: jobs whose items have no arrays that cross by reference have the rest in common
 * @param kernel of `fn`
 * @param options checked
 * @throws TypeError, RangeError, KernelCaptureError
 */
export function readJobs(
  items: readonly unknown[],
  fn: AnyKernel,
  kernel: Kernel,
  options: GivenOptions,
  settings: CallSettings,
): Request {
  // Each job has a signal of its own.
  const common = { ...options, signal: undefined };
  const request = itemsRequest("submit", items, fn, kernel, null, common, clock(), settings);
  return { ...request, spec: { ...request.spec, single: true } };
}

/**
 * The item as it is sent: everything of the caller's is read now.
 * @returns `undefined` if it has arrays that cross by reference
 * @throws TypeError
 */
export function encodeItem(item: unknown): number | Uint8Array | undefined {
  if (typeof item === "number") return item;
  if (item === undefined) {
    throw new TypeError(
      "Cannot send the item to workers as it must be set (msgpack knows null only): current value is undefined",
    );
  }
  const table = new ArrayTable();
  const bytes = new ValueEncoder(table, INLINE_LIMIT, 1).encode(item, "item");
  return table.arrays.length === 0 ? bytes.slice() : undefined;
}

/** @param pending other jobs that are pending @throws RangeError if these are too many */
export function checkRoom({ maxPending }: GivenOptions, pending: number): void {
  if (maxPending === undefined || pending < maxPending) return;
  throw new RangeError(
    `Cannot submit the job as fewer than ${maxPending} ("maxPending") must be pending: current value is ${pending}; ` +
      "wait for some of them to end",
  );
}
