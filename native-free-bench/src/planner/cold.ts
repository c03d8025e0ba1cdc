/** First calls: every one in a fresh process, where no pool runs and nothing was learned. */
import { ask } from "../harness/ask.js";
import { median } from "../harness/statistics.js";
import type { Cell } from "./cells.js";
import { type Contestant, STRATEGIES } from "./warm.js";
import { type Recipe, recipe } from "./workload.js";

/** What a child is asked. */
export interface ColdQuestion {
  readonly strategy: Contestant;
  readonly recipe: Recipe;
}

export interface ColdAnswer {
  readonly ms: number;
  readonly choice: string;
  readonly digest: string;
}

export interface ColdResult {
  readonly cell: Cell;
  readonly sequential: number;
  readonly threads: number;
  readonly auto: number;
  readonly regret: number;
  /** Strategies that finished `auto`'s calls. */
  readonly choice: string;
}

/** @throws Error if results differ, or a child ends without an answer */
export async function measureCold(cell: Cell, spinCost: number, repeats: number): Promise<ColdResult> {
  const answers = { sequential: [] as ColdAnswer[], threads: [] as ColdAnswer[], auto: [] as ColdAnswer[] };
  let expected: string | undefined;
  for (let round = 0; round < repeats; round += 1) {
    for (let turn = 0; turn < STRATEGIES.length; turn += 1) {
      const strategy = STRATEGIES[(round + turn) % STRATEGIES.length] as Contestant;
      const question: ColdQuestion = { strategy, recipe: recipe(cell, spinCost) };
      const answer = await ask<ColdAnswer>(new URL("cold-child.js", import.meta.url), question);
      expected ??= answer.digest;
      if (answer.digest !== expected)
        throw new Error(`Cold results of ${strategy} differ in cell "${cell.name}"`);
      answers[strategy].push(answer);
    }
  }
  const time = (strategy: Contestant): number => median(answers[strategy].map(({ ms }) => ms));
  const [sequential, threads, auto] = [time("sequential"), time("threads"), time("auto")];
  return {
    cell,
    sequential,
    threads,
    auto,
    regret: auto / Math.min(sequential, threads),
    choice: [...new Set(answers.auto.map(({ choice }) => choice))].join(", "),
  };
}
