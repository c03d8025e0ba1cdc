/** The report as pictures. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Bar, type Curve, holds, type Section } from "../harness/cell.js";
import { barsOf, digits, type Picture, type Report } from "./report.js";

export function draw(report: Report): Picture[] {
  const { cells } = report;
  const bars = barsOf(report);
  const of = (section: Section) => cells.filter((cell) => cell.section === section);
  const pictures: Picture[] = [];
  if (bars.length > 0) pictures.push({ of: "summary", file: "bars.svg", svg: drawBars(bars) });
  for (const section of ["ablation", "tricks", "peers"] as const) {
    const squares = of(section).flatMap(({ name, bars: [bar], tables: [table] }) =>
      // Cells of bars are no scenarios.
      table === undefined || bar !== undefined
        ? []
        : table.rows.map((row) => ({ column: name, row: row.name, ratio: row.ratio.median })),
    );
    if (squares.length > 0) {
      pictures.push({ of: section, file: `${section}.svg`, svg: drawSquares(squares) });
    }
  }
  for (const [i, curve] of of("scaling")
    .flatMap(({ curves }) => curves)
    .entries()) {
    pictures.push({ of: "scaling", file: `scaling-${i + 1}.svg`, svg: drawCurve(curve) });
  }
  return pictures;
}

/** Each figure over its limit, turned so that right of the line is missed. */
function drawBars(bars: readonly Bar[]): string {
  const marks = bars.map((bar) => {
    const over = (figure: number): number =>
      Math.max(0.01, bar.rule === "at most" ? figure / bar.limit : bar.limit / figure);
    const { median, low, high } = bar.figure;
    const name = `${bar.number} ${bar.what}`;
    return {
      name,
      at: over(median),
      from: over(low),
      to: over(high),
      verdict: holds(bar) ? "holds" : "missed",
    };
  });
  return render({
    width: 1000,
    marginLeft: 480,
    x: { type: "log", label: "over the limit →", grid: true },
    y: { label: null, domain: marks.map(({ name }) => name) },
    color: { domain: ["holds", "missed"], range: ["#2a7f62", "#c0392b"] },
    marks: [
      Plot.ruleX([1]),
      Plot.ruleY(marks, { y: "name", x1: "from", x2: "to", stroke: "verdict" }),
      Plot.dot(marks, { y: "name", x: "at", fill: "verdict", r: 4 }),
    ],
  });
}

interface Square {
  readonly column: string;
  readonly row: string;
  readonly ratio: number;
}

/** Green is faster than the reference, red is slower. */
function drawSquares(squares: readonly Square[]): string {
  const columns = [...new Set(squares.map(({ column }) => column))];
  const rows = [...new Set(squares.map(({ row }) => row))];
  return render({
    width: 220 + 78 * columns.length,
    height: 60 + 24 * rows.length,
    marginLeft: 220,
    marginTop: 40,
    x: { label: null, axis: "top", domain: columns },
    y: { label: null, domain: rows },
    color: {
      type: "diverging-log",
      pivot: 1,
      scheme: "RdYlGn",
      reverse: true,
      domain: [1 / 8, 8],
      clamp: true,
    },
    marks: [
      Plot.cell(squares, { x: "column", y: "row", fill: "ratio", inset: 0.5 }),
      Plot.text(squares, {
        x: "column",
        y: "row",
        text: ({ ratio }: Square) => digits(ratio),
        fill: "black",
      }),
    ],
  });
}

function drawCurve({ title, unit, points }: Curve): string {
  const marks = points.map(({ x, us, fitted }) => ({ x, us: us.median, low: us.low, high: us.high, fitted }));
  return render({
    title,
    width: 560,
    height: 300,
    marginLeft: 60,
    x: { type: "log", label: `${unit}s →`, grid: true },
    y: { type: "log", label: "↑ µs", grid: true },
    marks: [
      Plot.line(marks, { x: "x", y: "fitted", stroke: "#999" }),
      Plot.ruleX(marks, { x: "x", y1: "low", y2: "high" }),
      Plot.dot(marks, { x: "x", y: "us", fill: "#2a7f62" }),
    ],
  });
}

function render({ title, ...options }: Plot.PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>");
  // A title would make a figure of HTML around the picture.
  const marks = [
    Plot.frame({ stroke: null }),
    ...(options.marks ?? []),
    ...(typeof title === "string" ? [Plot.text([title], { frameAnchor: "top", dy: -12 })] : []),
  ];
  const style = { background: "white", fontSize: "12px" };
  const svg = Plot.plot({ marginTop: 30, ...options, marks, style, document });
  // Plot leaves it to the page around.
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}
