/** The bench itself: warm cells, cold calls, the bars, the report. See ../../README.md. */
import { mkdirSync, writeFileSync } from "node:fs";
import { ParallelConfig } from "../../../dist/index.js";
import { describeMachine } from "../harness/machine.js";
import { spinCost } from "../harness/spin.js";
import { type Cell, cells } from "./cells.js";
import { type ColdResult, measureCold } from "./cold.js";
import { judge } from "./judge.js";
import { HELP, type Options, parseOptions } from "./options.js";
import { asMarkdown, asText, type Report } from "./report.js";
import { WarmBench, type WarmOutcome } from "./warm.js";

const RESULTS = new URL("../../results/", import.meta.url);

/** How long things may take: milliseconds of timed rounds per warm cell, of all repeats together; cold repeats. */
const FULL = { warmMs: 1200, repeatsMs: 60_000, coldRepeats: 5 };
const QUICK = { warmMs: 300, repeatsMs: 6_000, coldRepeats: 3 };

/** @returns whether all bars hold */
async function main({ quick, only, json }: Options, chosen: readonly Cell[]): Promise<boolean> {
  const started = performance.now();
  const { warmMs, repeatsMs, coldRepeats } = quick ? QUICK : FULL;
  const cost = spinCost();

  const machine = describeMachine(new ParallelConfig().maxWorkers);
  const bench = await WarmBench.start(machine.workers, cost);
  const warm = await measureWarm(bench, chosen, warmMs, repeatsMs);
  await bench.shutdown();

  const cold: ColdResult[] = [];
  for (const cell of chosen.filter((each) => each.cold)) {
    tell(`cold ${cell.name}`);
    cold.push(await measureCold(cell, cost, coldRepeats));
  }

  const whole = !quick && only === "";
  const bars = judge(warm, cold, whole);
  const minutes = (performance.now() - started) / 60_000;
  const report: Report = { machine, spinCost: cost, minutes, bars, warm, cold };
  const data = JSON.stringify(report, null, 2);
  console.log(json ? data : asText(report));
  if (whole) {
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(new URL("planner.json", RESULTS), `${data}\n`);
    writeFileSync(new URL("planner.md", RESULTS), asMarkdown(report));
  }
  return bars.every(({ holds }) => holds);
}

async function measureWarm(
  bench: WarmBench,
  chosen: readonly Cell[],
  warmMs: number,
  repeatsMs: number,
): Promise<WarmOutcome[]> {
  const outcomes: WarmOutcome[] = [];
  let repeating = 0;
  for (const cell of chosen) {
    tell(`warm ${outcomes.length + 1}/${chosen.length} ${cell.name}`);
    let repeatedFrom: number | undefined;
    const mayRepeat = (): boolean => {
      repeatedFrom ??= performance.now();
      return repeating + performance.now() - repeatedFrom < repeatsMs;
    };
    outcomes.push(await bench.measure(cell, warmMs, mayRepeat));
    if (repeatedFrom !== undefined) repeating += performance.now() - repeatedFrom;
  }
  return outcomes;
}

function tell(progress: string): void {
  console.error(progress);
}

/** @returns the exit code */
async function run(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const { quick, only } = options;
  const chosen = cells.filter((cell) => cell.name.includes(only) && (!quick || cell.quick));
  if (chosen.length === 0)
    return refuse(`--only must be part of a cell's name: received ${JSON.stringify(only)}`);
  return (await main(options, chosen)) ? 0 : 1;
}

function refuse(message: string): number {
  console.error(`${message}\n\n${HELP}`);
  return 2;
}

process.exitCode = await run(process.argv.slice(2));
