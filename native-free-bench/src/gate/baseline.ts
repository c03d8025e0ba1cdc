/** The ratios of an earlier version, committed beside the machine that they were measured on. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Machine } from "../harness/machine.js";

const FILE = new URL("../../results/baseline.json", import.meta.url);

export interface Baseline {
  readonly machine: Machine;
  /** How often each duel was measured, in turns with the others. */
  readonly runs: number;
  readonly duels: readonly Watched[];
}

interface Watched {
  readonly name: string;
  /** The engine over its limit, the median of all runs. */
  readonly ratio: number;
  /** The largest run over the median. */
  readonly noise: number;
  /** None of the runs would have been taken for a regression. */
  readonly isJudged: boolean;
}

/** @throws Error if none was measured yet: `--baseline` does */
export function readBaseline(): Baseline {
  if (!existsSync(FILE)) {
    throw new Error(
      "Cannot check as results/baseline.json must hold the ratios to compare with: measure them with --baseline",
    );
  }
  return JSON.parse(readFileSync(FILE, "utf8")) as Baseline;
}

export function writeBaseline(baseline: Baseline): void {
  writeFileSync(FILE, `${JSON.stringify(baseline, null, 2)}\n`);
}

/** Ratios of one machine say little about another one's. */
export function isAlike(a: Machine, b: Machine): boolean {
  const major = ({ node }: Machine): string => node.split(".")[0] as string;
  return a.cpu === b.cpu && a.cores === b.cores && a.workers === b.workers && major(a) === major(b);
}
