/**
 * Contestants take turns, so that what the machine does meanwhile meets all of them; every comparison is between turns
 * of the same round.
 */
import { type Contestant, giveTurn } from "./contestant.js";
import { pairedRatios, type Summary, summarise } from "./statistics.js";

export interface Pace {
  /** Milliseconds for all rounds together. */
  readonly budget: number;
  readonly least: number;
  readonly most: number;
  /** Untimed calls of each contestant before the first round; short ones get more. */
  readonly warmUps: number;
}

/** Turns by contestant and round, in milliseconds per call. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** One contestant's line in a table. */
export interface Row {
  readonly name: string;
  /** Milliseconds per call, over the rounds. */
  readonly ms: Summary;
  /** Over the table's reference, round by round. */
  readonly ratio: Summary;
  readonly rounds: number;
}

const WARM_UP_MS = 150;
/** What a short call costs is its own code, and compiling that takes about 10,000 calls: 200 µs fall to 30. */
const SHORT_MS = 0.5;
const SHORT_WARM_UP_MS = 2000;
/** A turn of short calls: long beside the clock's steps and a turn of the event loop. */
const TURN_MS = 10;
const MOST_CALLS = 200;
/** Whose calls are longer than this takes part in the first rounds only. */
const SLOW_MS = 2000;
const SLOW_ROUNDS = 3;

/** @throws what a contestant throws: one that gives a wrong result ends the race */
export async function race(contestants: readonly Contestant[], pace: Pace): Promise<Times> {
  const shortest = new Map<Contestant, number>();
  for (const contestant of contestants) shortest.set(contestant, await warmUp(contestant, pace.warmUps));
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  const deadline = performance.now() + pace.budget;
  for (let round = 0; round < pace.most; round += 1) {
    if (round >= pace.least && performance.now() >= deadline) break;
    for (const place of order(contestants.length, round)) {
      const contestant = contestants[place] as Contestant;
      const ms = shortest.get(contestant) as number;
      if (ms > SLOW_MS && round >= SLOW_ROUNDS) continue;
      const calls = Math.min(MOST_CALLS, Math.max(1, Math.round(TURN_MS / ms)));
      times.get(contestant.name)?.push(await giveTurn(contestant, calls));
    }
  }
  return times;
}

export function rowsOf(times: Times, reference: string): Row[] {
  const references = times.get(reference) ?? [];
  return [...times].map(([name, turns]) => ({
    name,
    ms: summarise(turns),
    ratio: summarise(pairedRatios(turns, references)),
    rounds: turns.length,
  }));
}

/** The paired quotients of two contestants. */
export function ratiosOf(times: Times, name: string, reference: string): number[] {
  return pairedRatios(times.get(name) ?? [], times.get(reference) ?? []);
}

/** @returns milliseconds of the shortest call */
async function warmUp({ time }: Contestant, warmUps: number): Promise<number> {
  // The first call starts pools and compiles: it says nothing of the others.
  let shortest = await time();
  let spent = 0;
  for (let i = 1; i < warmUps || spent < (shortest < SHORT_MS ? SHORT_WARM_UP_MS : WARM_UP_MS); i += 1) {
    if (shortest > SLOW_MS) break;
    const started = performance.now();
    const ms = await time();
    // What is not timed counts here: a contestant may prepare for longer than it runs.
    spent += performance.now() - started;
    shortest = Math.min(shortest, ms);
  }
  return shortest;
}

/**
 * The order of turns in one round, by a Latin square in which each of `count` follows each other one equally often
 * (Williams 1949; an odd count needs the mirrored square too).
 */
function order(count: number, round: number): number[] {
  const row = Array.from({ length: count }, (_, i) => {
    const step = i % 2 === 0 ? i / 2 : count - (i + 1) / 2;
    return (step + round) % count;
  });
  return count % 2 === 1 && Math.floor(round / count) % 2 === 1 ? row.reverse() : row;
}
