/** One duel of the gate: this process was started for it. */
import { fight } from "../bars/duel.js";
import { answer } from "../harness/ask.js";
import { QUICK } from "../harness/cell.js";
import { median } from "../harness/statistics.js";
import { duels } from "./cells.js";

answer(async (name: string) => {
  const duel = duels.find((each) => each.name === name);
  if (duel === undefined) throw new Error(`The gate has no duel ${name}`);
  return { ratio: median(duel.figures(await fight(duel, QUICK))) };
});
