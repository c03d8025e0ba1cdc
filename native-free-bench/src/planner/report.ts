/** The figures for people: tables of text and of Markdown. */
import { type Machine, machineLine } from "../harness/machine.js";
import { alignedRows, markdownTable } from "../report/table.js";
import type { ColdResult } from "./cold.js";
import { type Bar, isPredicted } from "./judge.js";
import type { StoryCell, StoryFigure } from "./story-bench.js";
import type { WarmOutcome } from "./warm.js";

export interface Report {
  readonly machine: Machine;
  /** Calibration: nanoseconds per iteration of the spin kernels. */
  readonly spinCost: number;
  readonly minutes: number;
  readonly bars: readonly Bar[];
  readonly warm: readonly WarmOutcome[];
  readonly cold: readonly ColdResult[];
  readonly stories: readonly StoryCell[];
}

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function asText(report: Report): string {
  const tables = tablesOf(report).map(
    (table) => `${table.title}\n${alignedRows([table.head, ...table.rows])}`,
  );
  return [...tables, measuredOn(report)].join("\n\n");
}

export function asMarkdown(report: Report): string {
  const tables = tablesOf(report).map(
    ({ title, head, rows }) => `## ${title}\n\n${markdownTable(head, rows)}`,
  );
  return `${["# The planner's regret", measuredOn(report), ...tables].join("\n\n")}\n`;
}

function measuredOn({ machine, minutes }: Report): string {
  return `Measured in ${minutes.toFixed(1)} minutes on ${machineLine(machine)}.`;
}

function tablesOf({ bars, warm, cold, stories }: Report): Table[] {
  const tables: Table[] = [
    {
      title: "Warm: the kernel has been seen twice",
      head: [
        "cell",
        "sequential ms",
        "threads ms",
        "auto ms",
        "auto chose",
        "regret",
        "noise",
        "cores",
        "predicted/actual",
        "notes",
      ],
      rows: warm.map(warmRow),
    },
    {
      title: "Cold: the first call of a process",
      head: ["cell", "sequential ms", "threads ms", "auto ms", "auto chose", "regret"],
      rows: cold.map(({ cell, sequential, threads, auto, choice, regret }) => [
        cell.name,
        figure(sequential),
        figure(threads),
        figure(auto),
        choice,
        regret.toFixed(2),
      ]),
    },
    {
      title: "Stories: one kernel in several shapes",
      head: [
        "story: step",
        "calls",
        "sequential ms",
        "threads ms",
        "auto ms",
        "auto chose",
        "rested on",
        "regret",
        "noise",
        "predicted/actual",
        "notes",
      ],
      rows: stories.flatMap(storyRows),
    },
    {
      title: "Summary",
      head: ["figure", "measured", "allowed", ""],
      rows: bars.map(({ what, figure: measured, allowed, holds }) => [
        what,
        measured,
        allowed,
        holds ? "holds" : "MISSED",
      ]),
    },
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

function warmRow({ cell, result }: WarmOutcome): string[] {
  if (result === "skipped") return [cell.name, "", "", "", "", "", "", "", "", "skipped: takes too long"];
  const { sequential, threads, auto, choice, regret, noise, cores, prediction, regrets } = result;
  const notes = [
    ...(regrets.length > 1 ? [`measured again: ${regrets.map((each) => each.toFixed(2)).join(", ")}`] : []),
    ...(isPredicted(result) ? [] : ["predicted badly"]),
  ];
  return [
    cell.name,
    figure(sequential),
    figure(threads),
    figure(auto),
    choice,
    regret.toFixed(2),
    noise.toFixed(2),
    cores.toFixed(2),
    prediction.toFixed(2),
    notes.join("; "),
  ];
}

function storyRows(cell: StoryCell): string[][] {
  const { name, first, later, noise, prediction, before } = cell;
  const again = (regret: number | undefined): string[] =>
    regret === undefined ? [] : [`measured again: ${regret.toFixed(2)}`];
  const row = (calls: string, part: StoryFigure, ...rest: string[]): string[] => [
    name,
    calls,
    figure(part.sequential),
    figure(part.threads),
    figure(part.auto),
    part.choice,
    part.basis,
    part.regret.toFixed(2),
    ...rest,
  ];
  const notes = [...again(before?.[1]), ...(isPredicted(cell) ? [] : ["predicted badly"])].join("; ");
  const rest = [noise.toFixed(2), prediction.toFixed(2), notes];
  if (first === undefined) return [row("all", later, ...rest)];
  return [row("first", first, "", "", again(before?.[0]).join("")), row("third on", later, ...rest)];
}

function figure(ms: number): string {
  return ms.toFixed(ms >= 100 ? 0 : ms >= 1 ? 2 : 4);
}
