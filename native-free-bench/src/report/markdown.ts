/** The report as a page. */
import { SECTIONS, type Section } from "../harness/cell.js";
import { machineLine } from "../harness/machine.js";
import {
  BAR_HEAD,
  barRow,
  barsOf,
  type CellReport,
  digits,
  type Picture,
  type Report,
  ROW_HEAD,
  skippedOf,
  tableRow,
} from "./report.js";
import { alignedRows, markdownTable } from "./table.js";

const INTRODUCTION: { readonly [S in Section]: string } = {
  bars: "The races behind the bars.",
  ablation:
    "One step at a time away from threads on a hot pool over shared input. Ratios are over sequential.",
  tricks: "What each trick of the engine gains: all of them against all but one. Ratios are over all.",
  peers:
    "The same tasks by general worker pools, with the payload cloned or shared by hand. Ratios are over sharray: " +
    "above 1 the peer takes longer.",
  limits: "What nothing can beat, beside what the engine takes.",
  scaling: "What a call costs as one thing grows, and the line fitted to it.",
};

export function asMarkdown(report: Report, pictures: readonly Picture[]): string {
  const { machine, minutes, quick, cells } = report;
  const images = (of: Picture["of"]): string[] =>
    pictures.filter((picture) => picture.of === of).map(({ file }) => `![${of}](${file})`);
  const skipped = skippedOf(report);
  return `${[
    "# Benchmarks",
    `Measured in ${minutes.toFixed(1)} minutes on ${machineLine(machine)}${quick ? ", with --quick" : ""}. ` +
      "All figures are medians over rounds, with quartiles; ratios are taken round by round.",
    "## The bars",
    markdownTable(BAR_HEAD, barsOf(report).map(barRow)),
    ...images("summary"),
    ...(skipped.length > 0 ? ["Not measured:", skipped.map((reason) => `- ${reason}`).join("\n")] : []),
    ...SECTIONS.flatMap((section) => {
      const measured = cells.filter((cell) => cell.section === section);
      if (measured.length === 0) return [];
      return [
        `## ${titled(section)}`,
        INTRODUCTION[section],
        ...images(section),
        ...measured.flatMap(cellText),
      ];
    }),
  ].join("\n\n")}\n`;
}

/** The bars alone, for the terminal. */
export function asText(report: Report): string {
  const skipped = skippedOf(report).map((reason) => `not measured: ${reason}`);
  const tables = report.cells.flatMap(({ tables }) =>
    tables.map(({ title, rows }) => `${title}\n${alignedRows([ROW_HEAD, ...rows.map(tableRow)])}`),
  );
  const curves = report.cells.flatMap(({ curves }) =>
    curves.map(({ title, growth }) => `${title}: ${growth}`),
  );
  const bars = barsOf(report).map(barRow);
  if (bars.length > 0) tables.push(`Bars\n${alignedRows([BAR_HEAD, ...bars])}`);
  return [...tables, ...curves, ...skipped].join("\n\n");
}

function cellText({ tables, curves }: CellReport): string[] {
  return [
    ...tables.flatMap(({ title, rows }) => [`### ${title}`, markdownTable(ROW_HEAD, rows.map(tableRow))]),
    ...curves.flatMap(({ title, unit, points, growth }) => [
      `### ${titled(title)}`,
      `${growth}.`,
      markdownTable(
        [unit, "µs", "fitted"],
        points.map(({ x, us, fitted }) => [digits(x), digits(us.median), digits(fitted)]),
      ),
    ]),
  ];
}

function titled(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
