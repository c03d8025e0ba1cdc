/** What is done before memory is refused. */
import { MemoryLimitError } from "../errors.js";
import { endSlice } from "../platform/time-slice.js";
import { waitFor } from "../platform/wait-for.js";
import type { Arena } from "./arena.js";
import type { Excess } from "./limits.js";
import type { Region } from "./region.js";

// Milliseconds. A worker leaves an aborted call within this time, or is ended. Only a system call can hold it for longer.
const END_MS = 1500;

// One is nearly always enough. Memory that V8 was just marking, or that is on the stacks of workers, goes with a later one.
const COLLECTIONS = 3;

/**
 * Makes room in every way. It waits for workers that are about to leave calls that are over, lets idle regions go, and has the
 * garbage of all threads collected.
 * @param isRefused whether the system has refused memory, even if the arena's ledger has room
 * @returns whether there is room for all these needs now
 */
export async function makeRoom(arena: Arena, needs: readonly number[], isRefused = false): Promise<boolean> {
  if (!arena.hasRoom(needs)) await workersLeave(arena, END_MS);
  if (arena.hasRoom(needs) && !isRefused) return true;
  for (let tries = 0; tries < COLLECTIONS; tries += 1) {
    // Each time: what workers have let go of is idle after a collection, and may be of other sizes than those that are needed.
    arena.trim();
    await arena.collect();
    if (arena.hasRoom(needs)) return true;
  }
  return false;
}

/** Resolves when workers have left all calls that are over, at the latest after `ms` milliseconds. */
export function workersLeave(arena: Arena, ms: number): Promise<void> {
  return waitFor(arena.leases.closed(), ms);
}

/** A region for each need. @param isLent see `Arena.take` @throws MemoryLimitError, and then nothing is taken */
export function takeAll(
  arena: Arena,
  needs: readonly number[],
  excess: Excess = "nothing",
  isLent = false,
): Region[] {
  arena.reserve(needs, excess);
  const regions: Region[] = [];
  try {
    for (const bytes of needs) regions.push(arena.take(bytes, excess, isLent));
  } catch (error) {
    for (const region of regions) arena.give(region);
    throw error;
  }
  return regions;
}

/** A region for each need. Makes room if there is none. @throws MemoryLimitError, and then nothing is taken */
export async function takeLater(arena: Arena, needs: readonly number[]): Promise<Region[]> {
  try {
    return takeAll(arena, needs);
  } catch (error) {
    if (!(error instanceof MemoryLimitError) || !(await makeRoom(arena, needs))) throw error;
    return takeAll(arena, needs, "garbage");
  }
}

/**
 * A region for each need of the user, at once. Memory that workers are about to leave, and their garbage, may exceed the limit,
 * because callers can't wait for that. Memory that was dropped in this very turn of the event loop can't be collected.
 */
export function takeNow(arena: Arena, needs: readonly number[]): Region[] {
  try {
    return takeAll(arena, needs, "nothing", true);
  } catch (error) {
    if (!(error instanceof MemoryLimitError)) throw error;
    arena.trim();
    void arena.collectNow();
    // V8 keeps arrays that were looked at to the end of this turn, dropped or not.
    endSlice();
    return takeAll(arena, needs, "leaving", true);
  }
}
