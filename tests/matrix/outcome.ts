/** What the tests said under one version of Node. */

/** What Vitest's JSON reporter writes, as far as it counts here. */
export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

export interface Outcome {
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

/** @param report `undefined` if Vitest ended before it wrote any */
export function outcomeOf(
  version: string,
  exitCode: number | null,
  report: VitestReport | undefined,
  seconds: number,
): Outcome {
  const { numPassedTests, numFailedTests, numPendingTests } = report ?? {
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
  };
  // A file that does not load, or whose process dies, has no test that fails. No test at all is no success either.
  const isGood = exitCode === 0 && numPassedTests > 0;
  const failed = Math.max(numFailedTests, isGood ? 0 : 1);
  return { version, passed: numPassedTests, failed, skipped: numPendingTests, seconds };
}

const COLUMNS = ["version", "passed", "failed", "skipped", "seconds"] as const;

/** A line for each version below a heading, in columns. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => COLUMNS.map((column) => cell(outcome[column])));
  const lines = [[...COLUMNS], ...rows];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((line) => (line[i] as string).length)));
  return lines.map((line) => line.map((text, i) => text.padStart(widths[i] as number)).join("  ")).join("\n");
}

function cell(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value)) : value;
}
