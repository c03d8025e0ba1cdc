/** What each thread notes of its part in a round: its meter, and a log of its claims if the call is traced. */

// Words of a meter.

/** Milliseconds spent in claims that have ended. */
export const BUSY = 0;
/** 1 while the worker is at the round's tasks, else 0. */
export const RUNNING = 1;
/** When the worker's first claim began and when its last one ended, on the clock of all threads; 0 if not yet. */
export const STARTED = 2;
export const ENDED = 3;
/** Claims in the worker's log. */
export const LOGGED = 4;
/** One more than the position of the task that the worker is at, or was at last; 0 if there was none yet. */
export const AT = 5;
/** Milliseconds of `BUSY` spent on sending results that do not fit the result table. */
export const SENDING = 6;
export const METER_WORDS = 7;

/** Words of a logged claim: begin and end on the clock of all threads, first position, tasks. */
export const LOG_WORDS = 4;

/** Notes a claim that has ended. If the log is full, its last entry grows. */
export function logClaim(
  log: Float64Array,
  meter: Float64Array,
  begin: number,
  end: number,
  first: number,
  tasks: number,
): void {
  const at = (meter[LOGGED] as number) * LOG_WORDS;
  if (at < log.length) {
    log.set([begin, end, first, tasks], at);
    meter[LOGGED] = (meter[LOGGED] as number) + 1;
  } else {
    log[at - LOG_WORDS + 1] = end;
    log[at - 1] = (log[at - 1] as number) + tasks;
  }
}
