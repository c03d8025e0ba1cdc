/** Cells that `auto` has seen twice: three executors in one process, timed in turns. */
import { ParallelExecutor, type TelemetryEvents } from "../../../dist/index.js";
import { Cores } from "../harness/cores.js";
import { median, splitHalf } from "../harness/statistics.js";
import type { Cell } from "./cells.js";
import { type Call, digest, prepare, recipe } from "./workload.js";

export const STRATEGIES = ["sequential", "threads", "auto"] as const;
export type Contestant = (typeof STRATEGIES)[number];
type Times = { readonly [S in Contestant]: number };

export interface WarmResult extends Times {
  /** Milliseconds of `auto` over those of the better explicit strategy. */
  readonly regret: number;
  /** Strategies that `auto` used in its timed calls, the most frequent first. */
  readonly choice: string;
  /** Predicted over actual milliseconds of `auto`'s calls, the median. */
  readonly prediction: number;
  /** See `splitHalf`: the better explicit strategy against itself. */
  readonly noise: number;
  /** See `Cores`: before or after the cell, the smaller figure. */
  readonly cores: number;
  readonly rounds: number;
  /** Regrets of all measurements of the cell in order; more than one if it was measured again. */
  readonly regrets: readonly number[];
}

/** "skipped": one sequential call takes longer than the bench allows. */
export type WarmOutcome = { readonly cell: Cell; readonly result: WarmResult | "skipped" };

export const WARM_BAR = 1.25;
const WARM_UPS = 2;
const LONGEST_CALL_MS = 1500;
const ROUNDS = { least: 5, most: 41 };
// Long beside the clock's steps and a turn of the event loop.
const BATCH_MS = 2;
const MOST_CALLS = 100;
const REPEATS = 5;

type Race = Omit<WarmResult, "regrets" | "cores">;
type Execution = TelemetryEvents["parallel_execution"];
/** Every order in which three can take turns, so that none always follows the same one. */
export const ORDERS: readonly (readonly Contestant[])[] = [
  ["sequential", "threads", "auto"],
  ["auto", "threads", "sequential"],
  ["threads", "auto", "sequential"],
  ["sequential", "auto", "threads"],
  ["auto", "sequential", "threads"],
  ["threads", "sequential", "auto"],
];

export class WarmBench {
  readonly #executors: { readonly [S in Contestant]: ParallelExecutor };
  readonly #spinCost: number;
  readonly #cores: Cores;
  readonly #executions: { readonly [S in Contestant]: Execution[] } = {
    sequential: [],
    threads: [],
    auto: [],
  };

  private constructor(workers: number, spinCost: number, cores: Cores) {
    this.#spinCost = spinCost;
    this.#cores = cores;
    const create = (strategy: Contestant): ParallelExecutor =>
      new ParallelExecutor({
        strategy,
        maxWorkers: workers,
        idleTimeout: 3_600_000,
        // All of them listen, as listening costs a few microseconds per call.
        telemetry: (event, payload) => {
          if (event === "parallel_execution") this.#executions[strategy].push(payload);
        },
      });
    this.#executors = { sequential: create("sequential"), threads: create("threads"), auto: create("auto") };
  }

  static async start(workers: number, spinCost: number): Promise<WarmBench> {
    const bench = new WarmBench(workers, spinCost, await Cores.start(workers, spinCost));
    for (const strategy of STRATEGIES) await bench.#executors[strategy].start();
    return bench;
  }

  async shutdown(): Promise<void> {
    for (const strategy of STRATEGIES) await this.#executors[strategy].shutdown();
    await this.#cores.shutdown();
  }

  /**
   * @param budget milliseconds for the timed rounds
   * @param mayRepeat asked before a cell above the bar is measured again
   */
  async measure(cell: Cell, budget: number, mayRepeat: () => boolean): Promise<WarmOutcome> {
    const call = prepare(recipe(cell, this.#spinCost));
    const lastWarmUp = await this.#warmUp(cell, call);
    if (lastWarmUp.sequential > LONGEST_CALL_MS) return { cell, result: "skipped" };
    const shortest = Math.min(lastWarmUp.sequential, lastWarmUp.threads);
    const calls = Math.min(MOST_CALLS, Math.max(1, Math.round(BATCH_MS / shortest)));
    const before = await this.#cores.measure();
    const results = await this.#raceOften(call, calls, budget, mayRepeat);
    const cores = Math.min(before, await this.#cores.measure());
    return { cell, result: { ...results, cores } };
  }

  async #raceOften(
    call: Call,
    calls: number,
    budget: number,
    mayRepeat: () => boolean,
  ): Promise<Omit<WarmResult, "cores">> {
    const first = await this.#race(call, calls, budget);
    if (first.regret <= WARM_BAR) return { ...first, regrets: [first.regret] };
    // Being above the bar is what selected the first measurement, so it does not count among its repeats.
    const repeats: Race[] = [];
    while (repeats.length < REPEATS && mayRepeat()) repeats.push(await this.#race(call, calls, 2 * budget));
    const regrets = [first, ...repeats].map(({ regret }) => regret);
    repeats.sort((a, b) => a.regret - b.regret);
    // Of an even number the worse one of the middle.
    return { ...(repeats[repeats.length >> 1] ?? first), regrets };
  }

  /** @returns how long the last call of each strategy took. @throws Error if results differ */
  async #warmUp(cell: Cell, call: Call): Promise<Times> {
    const took = { sequential: 0, threads: 0, auto: 0 };
    let expected: string | undefined;
    for (let i = 0; i < WARM_UPS; i += 1) {
      for (const strategy of STRATEGIES) {
        const started = performance.now();
        const result = await call(this.#executors[strategy]);
        took[strategy] = performance.now() - started;
        const received = digest(result);
        expected ??= received;
        if (received !== expected) throw new Error(`Results of ${strategy} differ in cell "${cell.name}"`);
      }
    }
    return took;
  }

  async #race(call: Call, calls: number, budget: number): Promise<Race> {
    const times = { sequential: [] as number[], threads: [] as number[], auto: [] as number[] };
    for (const strategy of STRATEGIES) this.#executions[strategy].length = 0;
    const deadline = performance.now() + budget;
    let rounds = 0;
    while (rounds < ROUNDS.least || (rounds < ROUNDS.most && performance.now() < deadline)) {
      for (const strategy of ORDERS[rounds % ORDERS.length] as readonly Contestant[]) {
        // What the one before left for the event loop is not the next one's.
        await new Promise((resolve) => setImmediate(resolve));
        const started = performance.now();
        for (let i = 0; i < calls; i += 1) await call(this.#executors[strategy]);
        times[strategy].push((performance.now() - started) / calls);
      }
      rounds += 1;
    }
    const sequential = median(times.sequential);
    const threads = median(times.threads);
    const auto = median(times.auto);
    return {
      sequential,
      threads,
      auto,
      regret: auto / Math.min(sequential, threads),
      choice: choiceOf(this.#executions.auto),
      prediction: median(
        this.#executions.auto.map(({ predicted, actual }) => predicted.total / actual.total),
      ),
      noise: splitHalf(sequential <= threads ? times.sequential : times.threads),
      rounds,
    };
  }
}

function choiceOf(executions: readonly Execution[]): string {
  const share = executions.filter(({ strategy }) => strategy === "threads").length / executions.length;
  if (share === 0 || share === 1) return share === 0 ? "sequential" : "threads";
  return `threads ${(100 * share).toFixed(0)} %`;
}
