/** One cell: this process was started for it and ends after it. */
import { answer } from "./ask.js";
import { FULL, QUICK } from "./cell.js";
import { type CellQuestion, cellsOf } from "./sections.js";

answer(async ({ section, name, quick }: CellQuestion) => {
  const cell = (await cellsOf(section)).find((each) => each.name === name);
  if (cell === undefined) throw new Error(`There is no cell ${name} in ${section}`);
  return { tables: [], bars: [], curves: [], skipped: [], ...(await cell.measure(quick ? QUICK : FULL)) };
});
