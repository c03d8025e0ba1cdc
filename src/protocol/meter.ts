/** What each thread notes of its part in a round: its meter, and a log of its claims if the call is traced. */

/** Words of a meter: milliseconds spent in claims that have ended. */
export const BUSY = 0;
/** 1 while the worker is at the round's tasks, 0 while it is not, or pauses. */
export const RUNNING = 1;
/** When its first claim began and its last one ended, on the clock of all threads; 0: not yet. */
export const STARTED = 2;
export const ENDED = 3;
/** Claims in its log. */
export const LOGGED = 4;
/** The position after that of the task it is at, or was at last; 0: none yet. */
export const AT = 5;
/** Milliseconds, among those in claims, spent on sending results that do not fit the result table. */
export const SENDING = 6;
export const METER_WORDS = 7;

/** Words of a logged claim: begin and end on the clock of all threads, first position, tasks. */
export const LOG_WORDS = 4;
