/** What calls cost in a young process, beside piscina's. */
import { ask } from "../harness/ask.js";
import type { Bar, Cell, Effort, Measured } from "../harness/cell.js";
import { pairedRatios, summarise } from "../harness/statistics.js";

export type Young = "threads" | "sequential" | "piscina";

/** Calls from one number to another. */
export const WINDOWS = [
  [0, 50],
  [50, 250],
  [250, 500],
  [500, 1000],
  [1000, 2000],
  [4000, 6000],
] as const;

const CONTESTANTS: readonly Young[] = ["piscina", "threads", "sequential"];
const PROCESSES = 9;
const QUICK_PROCESSES = 3;

/** By number of the window. */
const LIMITS: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [2, 0.8],
]);

export const youthCell: Cell = { name: "19 young processes", measure };

async function measure({ quick }: Effort): Promise<Partial<Measured>> {
  const turns = new Map(CONTESTANTS.map((who) => [who, WINDOWS.map((): number[] => [])]));
  for (let turn = 0; turn < (quick ? QUICK_PROCESSES : PROCESSES); turn += 1) {
    for (const who of turn % 2 === 0 ? CONTESTANTS : [...CONTESTANTS].reverse()) {
      const { medians } = await ask<{ medians: number[] }>(new URL("youth-child.js", import.meta.url), who);
      for (const [window, ms] of medians.entries()) turns.get(who)?.[window]?.push(ms);
    }
  }
  const timesOf = (who: Young, window: number): number[] => turns.get(who)?.[window] as number[];
  const tables = WINDOWS.map(([start, end], window) => ({
    title: `Two tiny tasks, calls ${start + 1} to ${end} of a process after the pool's start, p50`,
    reference: "piscina",
    rows: CONTESTANTS.map((name) => ({
      name,
      ms: summarise(timesOf(name, window)),
      ratio: summarise(pairedRatios(timesOf(name, window), timesOf("piscina", window))),
      rounds: timesOf(name, window).length,
    })),
  }));
  const bars = [...LIMITS].map(([window, limit]): Bar => {
    const [start, end] = WINDOWS[window] as (typeof WINDOWS)[number];
    const ratios = pairedRatios(timesOf("threads", window), timesOf("piscina", window));
    const what = `calls ${start + 1} to ${end} of a process after start() against one task of piscina's, p50`;
    return { number: 19, what, limit, rule: "at most", unit: "x", figure: summarise(ratios) };
  });
  return { tables, bars };
}
