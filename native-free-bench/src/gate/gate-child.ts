/** One duel of the gate: this process was started for it. */
import { fight } from "../bars/duel.js";
import { answer } from "../harness/ask.js";
import { QUICK } from "../harness/cell.js";
import { median } from "../harness/statistics.js";
import { duels } from "./cells.js";

export interface Verdict {
  /** The engine over its limit. */
  readonly ratio: number;
  /** Milliseconds that this process has computed, on all threads. */
  readonly computing: number;
}

answer(async (name: string) => {
  const duel = duels.find((each) => each.name === name);
  if (duel === undefined) throw new Error(`The gate has no duel ${name}`);
  const ratio = median(duel.figures(await fight(duel, QUICK)));
  const { user, system } = process.cpuUsage();
  return { ratio, computing: (user + system) / 1000 } satisfies Verdict;
});
