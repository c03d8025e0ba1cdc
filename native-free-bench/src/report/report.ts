/** What a run of the bench found: the file's content, and its tables. */
import { type Bar, holds, type Measured, type Section } from "../harness/cell.js";
import type { Machine } from "../harness/machine.js";
import type { Row } from "../harness/race.js";
import type { Summary } from "../harness/statistics.js";

export interface Report {
  readonly machine: Machine;
  readonly minutes: number;
  /** Smaller payloads, fewer rounds. */
  readonly quick: boolean;
  readonly cells: readonly CellReport[];
}

export interface CellReport extends Measured {
  readonly section: Section;
  readonly name: string;
  /** Why there are no figures. */
  readonly failed?: string;
}

/** An SVG file. */
export interface Picture {
  readonly of: Section | "summary";
  readonly file: string;
  readonly svg: string;
}

export const BAR_HEAD = ["bar", "limit", "measured", "quartiles", "", "note"];
export const ROW_HEAD = ["", "ms", "quartiles", "ratio", "quartiles", "rounds"];

/** In the order of their numbers. */
export function barsOf({ cells }: Report): Bar[] {
  return cells.flatMap(({ bars }) => bars).sort((a, b) => a.number - b.number);
}

export function barRow(bar: Bar): string[] {
  const { number, what, limit, rule, unit, figure, note } = bar;
  return [
    `${number} ${what}`,
    `${rule} ${limit} ${unit}`,
    `${digits(figure.median)} ${unit}`,
    spread(figure),
    holds(bar) ? "holds" : "MISSED",
    note ?? "",
  ];
}

export function tableRow({ name, ms, ratio, rounds }: Row): string[] {
  return [name, digits(ms.median), spread(ms), digits(ratio.median), spread(ratio), String(rounds)];
}

/** Every reason once. */
export function skippedOf({ cells }: Report): string[] {
  return [
    ...new Set(cells.flatMap(({ skipped }) => skipped)),
    ...cells.flatMap(({ section, name, failed }) =>
      failed === undefined ? [] : [`${section}: ${name} failed: ${failed}`],
    ),
  ];
}

export function digits(figure: number): string {
  if (figure === 0) return "0";
  if (figure === Infinity) return "never ended";
  return Math.abs(figure) >= 100 ? figure.toFixed(0) : figure.toPrecision(3);
}

function spread({ low, high }: Summary): string {
  return `${digits(low)}–${digits(high)}`;
}
