/**
 * The sample calls that `start()` makes. V8 compiles the way of a call while it is used: the first 500 calls of a process take
 * some 170 µs each, those after 2,000 take 6 (docs/decisions/0005).
 */

import type { Calls } from "../call/calls.js";
import { readItemsCall } from "../call/read-request.js";
import type { CallOptions } from "../call/types.js";
import type { AnyKernel } from "../kernel/types.js";
import { clock } from "../platform/clock.js";
import { nextTurn } from "../platform/runtime.js";

const MOST_MS = 500;
// Calls of one kernel in a row. After each such series the event loop has a turn.
const SERIES = 20;
// Milliseconds of a call that is compiled. Single slow calls on a busy machine must not count.
const QUICK_MS = 0.03;
// After this many quick series in a row more calls gain little.
const ENOUGH = 20;

const ITEMS = [1, 2];
// V8 throws away what it compiles for a single kernel when the program's own comes.
const KERNELS: readonly AnyKernel[] = [
  (item: number) => item,
  (item: number) => -item,
  (item: number) => item + 1,
  (item: number) => 2 * item,
];

/**
 * @param calls nobody hears of them
 * @param ways options of calls, which take turns
 * @param isOver whether a call of the program has come, which must not wait, or the end of the executor
 */
export async function rehearse(
  calls: Calls,
  ways: readonly CallOptions<never, never, never>[],
  isOver: () => boolean,
): Promise<void> {
  const end = clock() + MOST_MS;
  let quick = 0;
  for (let series = 0; quick < ENOUGH; series += 1) {
    const options = ways[series % ways.length] as CallOptions<never, never, never>;
    const kernel = KERNELS[Math.floor(series / ways.length) % KERNELS.length] as AnyKernel;
    const began = clock();
    for (let i = 0; i < SERIES; i += 1) {
      if (isOver() || clock() > end) return;
      try {
        await calls.run(readItemsCall(ITEMS, kernel, options, calls.settings));
      } catch {
        // A reason that fails these calls fails the program's next call, too, and is told there.
        return;
      }
    }
    quick = clock() - began <= SERIES * QUICK_MS ? quick + 1 : 0;
    await nextTurn();
  }
}
