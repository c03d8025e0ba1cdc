/** Looks for the end of rounds that are too short for a message. */

import { clock } from "../../platform/clock.js";
import { soon } from "../../platform/runtime.js";
import { MOST_WITHOUT_TURN_MS, withoutTurn } from "../../platform/time-slice.js";

export interface Polled {
  /** Takes a look. @returns whether there is no more to look at */
  poll(now: number): boolean;
}

// A job of two tiny tasks on a worker that was awake has ended after 8-15 µs; each turn of the event loop takes 2 µs.
const STAY_MS = 0.02;

const watched = new Set<Polled>();
let isComing = false;

/**
 * Looks for a moment, without leaving, at something that is just about to end. Does not look if the event loop has had no turn
 * for long.
 * @param hasEnded must be cheap, because it is asked all the time
 * @param started when it began, as `clock` counts
 * @returns whether it has
 */
export function stayFor(hasEnded: () => boolean, started: number): boolean {
  if (withoutTurn(started) > MOST_WITHOUT_TURN_MS) return false;
  do {
    for (let i = 0; i < 16; i++) if (hasEnded()) return true;
  } while (clock() - started < STAY_MS);
  return false;
}

/** Looks at `polled` in every turn of the event loop from the next one on, until it says that there is no more to see. */
export function poll(polled: Polled): void {
  watched.add(polled);
  comeBack();
}

function comeBack(): void {
  if (isComing) return;
  isComing = true;
  soon(turn);
}

function turn(): void {
  isComing = false;
  const now = clock();
  for (const each of watched) if (each.poll(now)) watched.delete(each);
  if (watched.size > 0) comeBack();
}
