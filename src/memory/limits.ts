/** How far memory may go beyond `maxSharedBytes`, and from where on it is short. */

/**
 * What `take` may exceed: nothing; the limit, by memory that waits to be collected; and by memory that workers are about to
 * leave; the limit, by any memory.
 */
export type Excess = "nothing" | "garbage" | "leaving" | "anything";

// What may be mapped beyond the limit, as a share of it: collecting garbage for every small region would take far longer.
export const SLACK_SHARE = 1 / 8;

// From this share on calls wait until workers have left those before: else `share`, which can't wait, would be refused.
export const TIGHT_SHARE = 1 / 3;
// Workers leave within a fraction of this, unless they are at another call's task.
export const LEAVE_MS = 5;

// What is in use at most, as a share of the limit, while workers are about to leave calls that are over.
export const LATE_SHARE = 5 / 4;
