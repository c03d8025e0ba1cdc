/** Who takes part in a race. */
import { setTimeout } from "node:timers/promises";
import { digest } from "./digest.js";
import { median } from "./statistics.js";

const SETTLE_MS = 5;

export interface Contestant {
  readonly name: string;
  /** Makes one call. @returns milliseconds it took */
  readonly time: () => Promise<number>;
}

/** Contestants and what they hold. */
export interface Field {
  readonly contestants: readonly Contestant[];
  readonly close: () => Promise<unknown>;
}

/** A contestant whose every call is timed from here until its result is there. */
export function clock(name: string, call: () => unknown): Contestant {
  return {
    name,
    time: async () => {
      const started = performance.now();
      await call();
      return performance.now() - started;
    },
  };
}

/** The same for a call whose result must be as expected. */
export function checked(name: string, call: () => unknown, expected: unknown): Contestant {
  const wanted = digest(expected);
  return {
    name,
    time: async () => {
      const started = performance.now();
      const result = await call();
      const ms = performance.now() - started;
      if (digest(result) !== wanted) throw new Error(`The result of "${name}" differs`);
      return ms;
    },
  };
}

/** @returns milliseconds per call: the median of calls made one after another */
export async function giveTurn({ time }: Contestant, calls: number): Promise<number> {
  // Work that the contestant before left in the event loop does not count for the next one, and neither do its workers that
  // still spin. Its garbage may: a collection by hand costs compiled code. After one, 200 jobs of two tasks in a row took four
  // times as long as before (25 µs).
  await setTimeout(SETTLE_MS);
  const figures: number[] = [];
  for (let i = 0; i < calls; i += 1) figures.push(await time());
  return median(figures);
}
