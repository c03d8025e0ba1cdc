/** The command line of the bench. */
import { parseArgs } from "node:util";
import { type Options as BenchOptions, COMMON } from "../options.js";

export const HELP = `Usage: npm run bench:planner -- [options]

How much slower is strategy "auto" than the better of "sequential" and "threads"?

Options
  --quick        fewer cells, shorter measurements; under two minutes
  --only TEXT    only cells whose name contains TEXT
  --json         the figures as JSON on standard output instead of tables
  -h, --help     show this text

Progress goes to standard error. A run with neither --quick nor --only writes results/planner.md and
results/planner.json. Exit code: 0 all bars hold, 1 one is missed, 2 the options are wrong.`;

export type Options = Pick<BenchOptions, keyof typeof COMMON>;

/** @throws TypeError for anything not allowed */
export function parseOptions(args: string[]): Options {
  return parseArgs({ args, options: COMMON }).values;
}
