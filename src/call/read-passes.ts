/** Reads what `iterateShared` asks for beside the state: how many passes, and when they end early. */
import { ConfigurationError } from "../errors.js";
import { MAX_POSITIONS } from "../protocol/pass-order.js";
import type { GivenOptions } from "./types.js";

/** @throws ConfigurationError */
export function checkPasses({ passes, tolerance }: GivenOptions): void {
  if (!Number.isSafeInteger(passes) || (passes as number) < 0) {
    throw new ConfigurationError("passes", passes, "an integer of at least 0");
  }
  if (tolerance !== undefined && !(typeof tolerance === "number" && tolerance >= 0)) {
    throw new ConfigurationError("tolerance", tolerance, "a number of at least 0");
  }
}

/** @throws RangeError if there are too many tasks in all */
export function checkTasksOfPasses(passes: number, tasks: number): void {
  if (passes * tasks <= MAX_POSITIONS) return;
  throw new RangeError(
    `Cannot run ${passes} passes of ${tasks} chunks as a call has at most ${MAX_POSITIONS} tasks in all its passes: ` +
      `current value is ${passes * tasks}; raise "chunkSize", or continue with another call`,
  );
}
