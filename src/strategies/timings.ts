/** Reads what threads noted about their part in a round. */
import { ENDED, LOG_WORDS, LOGGED, STARTED } from "../protocol/meter.js";
import type { Claim } from "../protocol/round.js";
import type { RunReport } from "./strategy.js";

/** Claims that a thread can note one by one: about a second of claims of 0.2 ms. Later claims are noted as one. */
export const LOG_CAPACITY = 4096;

/** The time from the first task to the last one, over all threads of all rounds. */
export function computingTime(
  rounds: readonly { readonly meters: readonly Float64Array[] }[],
): RunReport["computing"] {
  let start = Infinity;
  let end = 0;
  for (const { meters } of rounds) {
    for (const meter of meters) {
      if (meter[STARTED] === 0) continue;
      start = Math.min(start, meter[STARTED] as number);
      end = Math.max(end, meter[ENDED] as number);
    }
  }
  return end === 0 ? undefined : { start, end };
}

/** @param worker the thread, for the trace */
export function claimsOf(worker: number, meter: Float64Array, log: Float64Array | undefined): Claim[] {
  const claims: Claim[] = [];
  const words = log === undefined ? 0 : (meter[LOGGED] as number) * LOG_WORDS;
  for (let at = 0; at < words; at += LOG_WORDS) {
    const [start, end, firstTask, tasks] = (log as Float64Array).subarray(at, at + LOG_WORDS);
    claims.push({
      worker,
      start: start as number,
      end: end as number,
      firstTask: firstTask as number,
      tasks: tasks as number,
    });
  }
  return claims;
}
