/** The command line of the bench. */
import { parseArgs } from "node:util";

export const HELP = `Usage: npm run bench -- [options]

What does the engine cost, beside bare threads, C, and other worker pools?

Options
  --quick        smaller payloads, fewer rounds
  --only TEXT    only cells whose "section: name" contains TEXT
  --json         the figures as JSON on standard output instead of tables
  --check        the gate: only compare this version's ratios with results/baseline.json; needs no peers
  --baseline     measure results/baseline.json anew
  -h, --help     show this text

Progress goes to standard error. A run with neither --quick nor --only writes results/bench.json, results/bench.md and
their plots. Exit code: 0 every bar holds, or no ratio became worse; 1 otherwise; 2 the options are wrong.`;

export interface Options {
  readonly quick: boolean;
  readonly only: string;
  readonly json: boolean;
  readonly check: boolean;
  readonly baseline: boolean;
  readonly help: boolean;
}

/** What every bench here takes. */
export const COMMON = {
  quick: { type: "boolean", default: false },
  only: { type: "string", default: "" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** @throws TypeError for anything not allowed */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      ...COMMON,
      check: { type: "boolean", default: false },
      baseline: { type: "boolean", default: false },
    },
  });
  return values;
}
