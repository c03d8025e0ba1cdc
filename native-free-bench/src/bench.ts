/** The bench: measures cells, each in a process of its own, and reports. See ../README.md. */
import { type ExecSyncOptions, execSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { SingleBar } from "cli-progress";
import { check, measureBaseline } from "./gate/gate.js";
import { holds, SECTIONS, WORKERS } from "./harness/cell.js";
import { describeMachine } from "./harness/machine.js";
import { type CellQuestion, cellsOf, measure } from "./harness/sections.js";
import { HELP, type Options, parseOptions } from "./options.js";
import { asMarkdown, asText } from "./report/markdown.js";
import { barsOf, type CellReport, type Picture, type Report } from "./report/report.js";

const FOLDER = new URL("../", import.meta.url);
const RESULTS = new URL("results/", FOLDER);

/** The peers and the plots: installed when they are missing, compiled when they are needed. */
function install(): void {
  // Standard output is for the report.
  const options: ExecSyncOptions = { cwd: FOLDER, stdio: ["ignore", process.stderr, process.stderr] };
  if (!existsSync(new URL("node_modules", FOLDER))) execSync("npm ci --no-audit --no-fund", options);
  execSync("npm run --silent build:all", options);
}

async function choose({ only, quick }: Options): Promise<CellQuestion[]> {
  const questions: CellQuestion[] = [];
  for (const section of SECTIONS) {
    for (const { name } of await cellsOf(section)) {
      if (`${section}: ${name}`.includes(only)) questions.push({ section, name, quick });
    }
  }
  return questions;
}

async function measureAll(questions: readonly CellQuestion[]): Promise<CellReport[]> {
  const progress = new SingleBar({ format: "{bar} {value}/{total} {cell}", stream: process.stderr });
  progress.start(questions.length, 0, { cell: "" });
  const cells: CellReport[] = [];
  for (const question of questions) {
    const { section, name } = question;
    progress.update({ cell: `${section}: ${name}` });
    try {
      cells.push({ section, name, ...(await measure(question)) });
    } catch (error) {
      // One cell's failure leaves the others their figures; it is reported, and fails the run.
      const failed = error instanceof Error ? error.message : String(error);
      cells.push({ section, name, failed, tables: [], bars: [], curves: [], skipped: [] });
    }
    progress.increment();
  }
  progress.stop();
  return cells;
}

async function write(report: Report): Promise<void> {
  const plots = new URL("report/plots.js", import.meta.url);
  const { draw } = (await import(plots.href)) as { draw: (report: Report) => Picture[] };
  const pictures = draw(report);
  mkdirSync(RESULTS, { recursive: true });
  for (const { file, svg } of pictures) writeFileSync(new URL(file, RESULTS), svg);
  writeFileSync(new URL("bench.json", RESULTS), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(new URL("bench.md", RESULTS), asMarkdown(report, pictures));
}

/** @returns the exit code */
async function run(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { baseline, check: gate, help, json, only, quick } = options;
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (gate) return (await check()) ? 0 : 1;
  if (baseline) {
    await measureBaseline();
    return 0;
  }
  install();
  const started = performance.now();
  const questions = await choose(options);
  if (questions.length === 0) {
    return refuse(`--only must be part of a cell's name: received ${JSON.stringify(only)}`);
  }
  const cells = await measureAll(questions);
  const minutes = (performance.now() - started) / 60_000;
  const report: Report = { machine: describeMachine(WORKERS), minutes, quick, cells };
  if (!quick && only === "") await write(report);
  console.log(json ? JSON.stringify(report, null, 2) : asText(report));
  const isWhole = cells.every(({ failed }) => failed === undefined);
  return isWhole && barsOf(report).every(holds) ? 0 : 1;
}

function refuse(message: string): number {
  console.error(`${message}\n\n${HELP}`);
  return 2;
}

process.exitCode = await run(process.argv.slice(2));
