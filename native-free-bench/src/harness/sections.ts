/** Sections are loaded by name, so that the peers are not compiled or installed for sections that do not need them. */
import { ask } from "./ask.js";
import type { Cell, Measured, Section } from "./cell.js";
import { summarise } from "./statistics.js";

/** What a cell's process is asked. */
export interface CellQuestion {
  readonly section: Section;
  readonly name: string;
  readonly quick: boolean;
}

export async function cellsOf(section: Section): Promise<readonly Cell[]> {
  const url = new URL(`../${section}/cells.js`, import.meta.url);
  return ((await import(url.href)) as { cells: readonly Cell[] }).cells;
}

export async function measure(question: CellQuestion): Promise<Measured> {
  const cell = (await cellsOf(question.section)).find(({ name }) => name === question.name);
  const answers: Measured[] = [];
  for (let i = 0; i < (cell?.processes ?? 1); i += 1) {
    answers.push(await ask<Measured>(new URL("cell-child.js", import.meta.url), question));
  }
  return middleOf(answers);
}

/** What the process in the middle measured, its figures with the spread over all processes. */
function middleOf(answers: readonly Measured[]): Measured {
  const figureOf = ({ bars }: Measured): number => bars[0]?.figure.median ?? 0;
  const sorted = [...answers].sort((a, b) => figureOf(a) - figureOf(b));
  const middle = sorted[sorted.length >> 1] as Measured;
  if (answers.length === 1) return middle;
  const bars = middle.bars.map((bar, i) => ({
    ...bar,
    figure: summarise(answers.map((answer) => answer.bars[i]?.figure.median ?? Number.NaN)),
    note: [bar.note, `${answers.length} processes`].filter((note) => note !== undefined).join(", "),
  }));
  return { ...middle, bars };
}
