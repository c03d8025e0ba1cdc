/**
 * The slice of time that all work on the caller's thread shares, whatever call it is for. When it is used up, what goes on
 * and what begins waits for a turn of the event loop: first come, first served.
 */
import { clock } from "./clock.js";
import { soon } from "./runtime.js";

/**
 * How long work on the caller's thread may go on before the event loop gets a turn. About 10 ms are
 * promised; the rest is room for the piece in hand.
 */
export const SLICE_MS = 8;

/**
 * How long a thread that promises drive from one short call to the next goes without a turn of its event loop: they settle
 * without one, and would keep timers and messages waiting. A turn takes 2 µs, so it costs next to nothing.
 */
export const MOST_WITHOUT_TURN_MS = 4;

/** When the first work since the last turn began. */
let began = -Infinity;
/** Will the next turn be noticed? */
let isComing = false;
/** Those who wait for their turn, in the order in which they came. */
const waiting = new Set<() => void>();

/** How long there has been work without a turn of the event loop; 0: it begins now. */
export function withoutTurn(now: number): number {
  if (!isComing) {
    began = now;
    comeBack();
  }
  return now - began;
}

/** Work begins or goes on. @returns until when, as `clock` counts */
export function sliceEnd(now: number): number {
  withoutTurn(now);
  return began + SLICE_MS;
}

/** What begins from now on waits for a turn of the event loop. */
export function endSlice(): void {
  if (!isComing) comeBack();
  began = -Infinity;
}

/** Must work that would begin now wait for its turn? */
export function mustWait(now: number): boolean {
  return waiting.size > 0 || withoutTurn(now) >= SLICE_MS;
}

/** Resolves in a later turn of the event loop, after those who came before. */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.add(resolve);
    if (!isComing) comeBack();
  });
}

/** Asked before each piece of work. @returns a promise to await first; undefined: it may be done now */
export function pause(): Promise<void> | undefined {
  return mustWait(clock()) ? ownTurn() : undefined;
}

function comeBack(): void {
  isComing = true;
  soon(turn);
}

function turn(): void {
  isComing = false;
  if (waiting.size > 0) void letGoOn();
}

/** Lets one after the other go on, as long as the slice lasts. */
async function letGoOn(): Promise<void> {
  const end = sliceEnd(clock());
  for (const goOn of waiting) {
    waiting.delete(goOn);
    goOn();
    // What goes on does so before this does.
    await undefined;
    if (clock() >= end) return;
  }
}
