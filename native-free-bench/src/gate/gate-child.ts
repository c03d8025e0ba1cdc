/** One duel of the gate: this process was started for it. */
import { readFileSync } from "node:fs";
import { fight } from "../bars/duel.js";
import { answer } from "../harness/ask.js";
import { QUICK } from "../harness/cell.js";
import { median } from "../harness/statistics.js";
import { bounded, duels } from "./cells.js";

export interface Verdict {
  /** The median of the duel's figures. */
  readonly figure: number;
  /** Milliseconds that this process and those that it has started have computed, on all threads. */
  readonly computing: number;
}

answer(async (name: string) => {
  const duel = [...duels, ...bounded.map(({ duel }) => duel)].find((each) => each.name === name);
  if (duel === undefined) throw new Error(`The gate has no duel ${name}`);
  const figure = median(duel.figures(await fight(duel, QUICK)));
  const { user, system } = process.cpuUsage();
  return { figure, computing: (user + system) / 1000 + childrenTime() } satisfies Verdict;
});

const TICK_MS = 10;

/** As Linux tells it of processes that have ended; 0 on other systems. */
function childrenTime(): number {
  try {
    // Behind the name, which may hold anything: state, 10 numbers, own user and system time, the same of children.
    const [, , , , , , , , , , , , , user = 0, system = 0] = readFileSync("/proc/self/stat", "utf8")
      .split(") ")
      .at(-1)!
      .split(" ")
      .map(Number);
    return TICK_MS * (user + system);
  } catch {
    return 0;
  }
}
