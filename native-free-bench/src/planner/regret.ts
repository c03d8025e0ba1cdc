/** The bench itself: warm cells, cold calls, stories, the bars, the report. See ../../README.md. */
import { mkdirSync, writeFileSync } from "node:fs";
import { ParallelConfig } from "../../../dist/index.js";
import { describeMachine } from "../harness/machine.js";
import { spinCost } from "../harness/spin.js";
import { type Cell, cells } from "./cells.js";
import { type ColdResult, measureCold } from "./cold.js";
import { judge } from "./judge.js";
import { HELP, type Options, parseOptions } from "./options.js";
import { asMarkdown, asText, type Report } from "./report.js";
import { stories } from "./stories.js";
import { cellName, StoryBench, type StoryCell } from "./story-bench.js";
import type { Story } from "./story-types.js";
import { WarmBench, type WarmOutcome } from "./warm.js";

const RESULTS = new URL("../../results/", import.meta.url);

/** How long things may take: milliseconds of rounds per warm cell or story, of all repeats together; cold repeats. */
const FULL = { warmMs: 1200, repeatsMs: 60_000, coldRepeats: 5, storyMs: 4000, storyRepeatsMs: 120_000 };
const QUICK = { warmMs: 300, repeatsMs: 6_000, coldRepeats: 3, storyMs: 700, storyRepeatsMs: 2_000 };

interface Chosen {
  readonly cells: readonly Cell[];
  readonly stories: readonly Story[];
}

/** @returns whether all bars hold */
async function main({ quick, only, json }: Options, chosen: Chosen): Promise<boolean> {
  const started = performance.now();
  const { warmMs, repeatsMs, coldRepeats, storyMs, storyRepeatsMs } = quick ? QUICK : FULL;
  const cost = spinCost();

  const machine = describeMachine(new ParallelConfig().maxWorkers);
  const warm = await measureWarm(chosen.cells, machine.workers, cost, { warmMs, repeatsMs });
  const cold: ColdResult[] = [];
  for (const cell of chosen.cells.filter((each) => each.cold)) {
    tell(`cold ${cell.name}`);
    cold.push(await measureCold(cell, cost, coldRepeats));
  }

  const told = await measureStories(chosen.stories, machine.workers, cost, { storyMs, storyRepeatsMs });

  const whole = !quick && only === "";
  const bars = judge(warm, cold, told, whole);
  const minutes = (performance.now() - started) / 60_000;
  const report: Report = { machine, spinCost: cost, minutes, bars, warm, cold, stories: told };
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
  cells: readonly Cell[],
  workers: number,
  spinCost: number,
  { warmMs, repeatsMs }: { readonly warmMs: number; readonly repeatsMs: number },
): Promise<WarmOutcome[]> {
  if (cells.length === 0) return [];
  const bench = await WarmBench.start(workers, spinCost);
  const repeats = new Repeats(repeatsMs);
  const outcomes: WarmOutcome[] = [];
  for (const cell of cells) {
    tell(`warm ${outcomes.length + 1}/${cells.length} ${cell.name}`);
    outcomes.push(await bench.measure(cell, warmMs, repeats.may));
    repeats.end();
  }
  await bench.shutdown();
  return outcomes;
}

async function measureStories(
  chosen: readonly Story[],
  workers: number,
  spinCost: number,
  { storyMs, storyRepeatsMs }: { readonly storyMs: number; readonly storyRepeatsMs: number },
): Promise<StoryCell[]> {
  if (chosen.length === 0) return [];
  const bench = await StoryBench.start(workers, spinCost);
  const repeats = new Repeats(storyRepeatsMs);
  const cells: StoryCell[] = [];
  for (const [i, story] of chosen.entries()) {
    tell(`story ${i + 1}/${chosen.length} ${story.name}`);
    cells.push(...(await bench.measure(story, storyMs, repeats.may)));
    repeats.end();
  }
  await bench.shutdown();
  return cells;
}

/** How long all repeats together may take. */
class Repeats {
  readonly #budget: number;
  #spent = 0;
  #since: number | undefined;

  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Whether there is time left for one more. */
  readonly may = (): boolean => {
    this.#since ??= performance.now();
    return this.#spent + performance.now() - this.#since < this.#budget;
  };

  /** The cell that was measured again, if it was, is through. */
  end(): void {
    if (this.#since !== undefined) this.#spent += performance.now() - this.#since;
    this.#since = undefined;
  }
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
  const chosen: Chosen = {
    cells: cells.filter((cell) => cell.name.includes(only) && (!quick || cell.quick)),
    stories: stories.filter(
      (story) =>
        story.steps.some((step) => cellName(story, step).includes(only)) && (!quick || story.quick === true),
    ),
  };
  if (chosen.cells.length + chosen.stories.length === 0)
    return refuse(`--only must be part of a cell's name: received ${JSON.stringify(only)}`);
  return (await main(options, chosen)) ? 0 : 1;
}

function refuse(message: string): number {
  console.error(`${message}\n\n${HELP}`);
  return 2;
}

process.exitCode = await run(process.argv.slice(2));
