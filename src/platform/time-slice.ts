/**
 * The slice of time that the work of all calls on the calling thread shares. Once it is used up, all work waits for a turn of
 * the event loop, first come, first served.
 */
import { clock } from "./clock.js";
import { soon } from "./runtime.js";

/**
 * How long work on the caller's thread may go on before the event loop gets a turn. About 10 ms are promised, and the rest is room for
 * the present piece of work.
 */
export const SLICE_MS = 8;

/**
 * How long promises may drive a thread from one short call to the next without a turn of the event loop. They settle without one, and
 * would keep timers and messages waiting. A turn takes 2 µs, so it costs next to nothing.
 */
export const MOST_WITHOUT_TURN_MS = 4;

/** When the first work since the last turn began. */
let began = -Infinity;
/** Whether this file will notice the next turn. */
let isComing = false;
/** Work that waits for its turn, in the order in which it came. */
const waiting = new Set<() => void>();

/** Milliseconds of work without a turn of the event loop; 0 if the work begins now. */
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

/** Work that begins from now on waits for a turn of the event loop. */
export function endSlice(): void {
  if (!isComing) comeBack();
  began = -Infinity;
}

/** Whether work that would begin now must wait for its turn. */
export function mustWait(now: number): boolean {
  return waiting.size > 0 || withoutTurn(now) >= SLICE_MS;
}

/** Resolves in a later turn of the event loop, after work that came before. */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.add(resolve);
    if (!isComing) comeBack();
  });
}

/** Asked before each piece of work. @returns a promise to await first; `undefined` if the work may be done now */
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

/** Lets waiting work go on piece by piece, as long as the slice lasts. */
async function letGoOn(): Promise<void> {
  const end = sliceEnd(clock());
  for (const goOn of waiting) {
    waiting.delete(goOn);
    goOn();
    // So the work that goes on does so before this loop.
    await undefined;
    if (clock() >= end) return;
  }
}
