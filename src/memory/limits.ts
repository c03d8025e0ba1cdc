/** How far memory may go beyond `maxSharedBytes`, and from where on it is short. */

/**
 * What `take` may exceed the limit by. "nothing". "garbage": memory that waits to be collected. "leaving": also memory that
 * workers are about to leave. "anything".
 */
export type Excess = "nothing" | "garbage" | "leaving" | "anything";

// What may be mapped beyond the limit, as a share of it. Collecting garbage for every small region would take far longer.
export const SLACK_SHARE = 1 / 8;

// If more than this share is in use, calls wait until workers have left those before. Otherwise `share`, which can't wait, would be
// refused.
export const TIGHT_SHARE = 1 / 3;
// Milliseconds. Workers leave within a fraction of it, unless they are at another call's task.
export const LEAVE_MS = 5;

// The most that may be in use while workers are about to leave calls that are over, as a share of the limit.
export const LATE_SHARE = 5 / 4;
