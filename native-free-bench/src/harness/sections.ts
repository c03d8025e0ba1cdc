/** Sections are loaded by name, so that what needs the peers is neither compiled nor installed for what does not. */
import { ask } from "./ask.js";
import type { Cell, Measured, Section } from "./cell.js";

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

export function measure(question: CellQuestion): Promise<Measured> {
  return ask(new URL("cell-child.js", import.meta.url), question);
}
