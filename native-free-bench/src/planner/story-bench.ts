/** Stories: three contestants run each of them in turns, every time on a fresh executor and with a fresh kernel. */
import { ParallelExecutor } from "../../../dist/index.js";
import { collect } from "../harness/collect.js";
import { median, splitHalf } from "../harness/statistics.js";
import { PreparedStep } from "./story-call.js";
import { runStory, type StepRun } from "./story-run.js";
import type { Step, Story } from "./story-types.js";
import { type Contestant, ORDERS, STRATEGIES } from "./warm.js";

type Times = { readonly [S in Contestant]: number };

/** A part of a step's calls. */
export interface StoryFigure extends Times {
  /** Milliseconds of `auto` over those of the better explicit strategy. */
  readonly regret: number;
  /** Strategies that finished `auto`'s calls, the most frequent first. */
  readonly choice: string;
  /** What `auto`'s plans rested on, the most frequent first; "-": plans don't say. */
  readonly basis: string;
}

/** One step of a story. */
export interface StoryCell {
  readonly name: string;
  /** The shape's first call; undefined in cold stories, where the calls are judged together. */
  readonly first: StoryFigure | undefined;
  /** The calls from the third on, per call; in cold stories all of them. */
  readonly later: StoryFigure;
  /** Predicted over actual milliseconds of `auto`'s later calls, the median. */
  readonly prediction: number;
  /** See `splitHalf`: later calls of the better explicit strategy against themselves. */
  readonly noise: number;
  readonly rounds: number;
  /** Regrets of the first call and the later ones as they were before the story was measured again. */
  readonly before: readonly [first: number | undefined, later: number] | undefined;
}

export const STORY_BARS = { first: 1.6, later: 1.3 };
/** From the third call on. */
const LATER = 2;
/** Multiples of `TURNS`. */
const ROUNDS = { least: 3, most: 9 };
const REPEATED_ROUNDS = { least: 6, most: 18 };
/** After so many rounds each contestant was first, second and last equally often. */
const TURNS = STRATEGIES.length;
/** Short calls of the engine itself, until its code on the calling thread is compiled. */
const WARM_UPS = 300;
/** A collection by hand costs some of that code. */
const WARM_UPS_AGAIN = 100;
/** From here on a run leaves so much memory behind that the next one would pay for it. */
const LARGE_BYTES = 16 * 1024 * 1024;

type Runs = { readonly [S in Contestant]: (readonly StepRun[])[] };

export function cellName(story: Story, step: Step): string {
  return `story ${story.name}: ${step.name}`;
}

export class StoryBench {
  readonly #workers: number;
  readonly #spinCost: number;
  readonly #warmers: readonly ParallelExecutor[];
  #kernels = 0;

  private constructor(workers: number, spinCost: number) {
    this.#workers = workers;
    this.#spinCost = spinCost;
    this.#warmers = STRATEGIES.map(
      (strategy) => new ParallelExecutor({ strategy, maxWorkers: workers, idleTimeout: 3_600_000 }),
    );
  }

  static async start(workers: number, spinCost: number): Promise<StoryBench> {
    const bench = new StoryBench(workers, spinCost);
    for (const warmer of bench.#warmers) await warmer.start();
    await bench.#warmUp(WARM_UPS);
    return bench;
  }

  async shutdown(): Promise<void> {
    for (const warmer of this.#warmers) await warmer.shutdown();
  }

  /**
   * @param budget milliseconds for all rounds
   * @param mayRepeat asked before a story with a cell above a bar is measured again
   * @throws Error if results differ
   */
  async measure(story: Story, budget: number, mayRepeat: () => boolean): Promise<StoryCell[]> {
    const steps = story.steps.map((step) => new PreparedStep(step, story.kernel, this.#spinCost));
    const cells = cellsOf(story, await this.#rounds(story, steps, budget, ROUNDS));
    if (cells.every(isBelowBars) || !mayRepeat()) return cells;
    // Being above a bar is what selected the first measurement, so its figures don't count.
    const again = cellsOf(story, await this.#rounds(story, steps, 2 * budget, REPEATED_ROUNDS));
    return again.map((cell, i) => {
      const { first, later } = cells[i] as StoryCell;
      return { ...cell, before: [first?.regret, later.regret] };
    });
  }

  async #rounds(
    story: Story,
    steps: readonly PreparedStep[],
    budget: number,
    { least, most }: { least: number; most: number },
  ): Promise<Runs> {
    const isLarge = steps.some(({ step }) => step.bytes >= LARGE_BYTES);
    const runs: Runs = { sequential: [], threads: [], auto: [] };
    const deadline = performance.now() + budget;
    for (let round = 0; round < most; round += 1) {
      if (round % TURNS === 0 && round >= least && performance.now() >= deadline) break;
      for (const strategy of orderOf(round)) {
        this.#kernels += 1;
        runs[strategy].push(await runStory(story, steps, strategy, this.#workers, `story_${this.#kernels}`));
        if (!isLarge) continue;
        await collect();
        await this.#warmUp(WARM_UPS_AGAIN);
      }
      assertSameResults(story, runs);
    }
    return runs;
  }

  async #warmUp(calls: number): Promise<void> {
    for (const warmer of this.#warmers) {
      for (let i = 0; i < calls; i += 1) await warmer.map([1, 2], (n) => n);
    }
  }
}

/** Three rounds in which the same one always follows another, then three the other way round. */
function orderOf(round: number): readonly Contestant[] {
  return ORDERS[(2 * round + (Math.floor(round / TURNS) % 2)) % ORDERS.length] as readonly Contestant[];
}

function isBelowBars({ first, later }: StoryCell): boolean {
  return later.regret <= STORY_BARS.later && (first === undefined || first.regret <= STORY_BARS.first);
}

function assertSameResults(story: Story, runs: Runs): void {
  for (const [i, step] of story.steps.entries()) {
    const expected = String(runs.sequential.at(-1)?.[i]?.checksums);
    for (const strategy of STRATEGIES) {
      if (String(runs[strategy].at(-1)?.[i]?.checksums) === expected) continue;
      throw new Error(`Results of ${strategy} differ in "${cellName(story, step)}"`);
    }
  }
}

function cellsOf(story: Story, runs: Runs): StoryCell[] {
  return story.steps.map((step, i) => {
    const of = (strategy: Contestant): StepRun[] => runs[strategy].map((steps) => steps[i] as StepRun);
    const stepRuns = { sequential: of("sequential"), threads: of("threads"), auto: of("auto") };
    const isCold = story.cold === true;
    const later = figureOf(stepRuns, step, isCold ? 0 : LATER, step.times);
    const rival = later.sequential <= later.threads ? stepRuns.sequential : stepRuns.threads;
    return {
      name: cellName(story, step),
      first: isCold ? undefined : figureOf(stepRuns, step, 0, 1),
      later,
      prediction: median(executionsOf(stepRuns.auto, step, LATER, step.times).map((each) => each.prediction)),
      noise: splitHalf(rival.map(({ ms }) => mean(ms.slice(isCold ? 0 : LATER)))),
      rounds: runs.auto.length,
      before: undefined,
    };
  });
}

/** Of the calls `from` to `to`: the mean of what each of them takes, which is the median of all rounds. */
function figureOf(
  runs: { readonly [S in Contestant]: readonly StepRun[] },
  step: Step,
  from: number,
  to: number,
): StoryFigure {
  const time = (strategy: Contestant): number =>
    mean(
      Array.from({ length: to - from }, (_, i) =>
        median(runs[strategy].map(({ ms }) => ms[from + i] as number)),
      ),
    );
  const [sequential, threads, auto] = [time("sequential"), time("threads"), time("auto")];
  const executions = executionsOf(runs.auto, step, from, to);
  return {
    sequential,
    threads,
    auto,
    regret: auto / Math.min(sequential, threads),
    choice: shares(executions.map(({ strategy }) => strategy)),
    basis: shares(executions.map(({ basis }) => basis ?? "-")),
  };
}

function executionsOf(
  runs: readonly StepRun[],
  { together = 1 }: Step,
  from: number,
  to: number,
): StepRun["executions"] {
  return runs.flatMap(({ executions }) => executions.slice(from * together, to * together));
}

/** "a" if all are, otherwise "a 70 %, b 30 %". */
function shares(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  if (sorted.length === 1) return sorted[0]?.[0] as string;
  return sorted.map(([name, count]) => `${name} ${((100 * count) / names.length).toFixed(0)} %`).join(", ");
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
