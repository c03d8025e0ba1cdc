/** The command line of the example: what it accepts, what it refuses, and in which words. */

import { parseArgs } from "node:util";

/** Rows in vega-datasets' `flights-3m.parquet`. */
const ALL_ROWS = 3_000_000;
const DEFAULT_RESAMPLES = 300;
const STRATEGIES = ["auto", "threads", "sequential"] as const;

export interface Options {
  readonly rows: number;
  readonly resamples: number;
  /** Undefined: the executor sizes its pool to the CPU budget. */
  readonly workers: number | undefined;
  readonly strategy: (typeof STRATEGIES)[number];
  /** Whether the bootstrap runs on a cluster of two local nodes. */
  readonly cluster: boolean;
}

/** A command line that cannot be run. The message is one line, fit for the terminal. */
export class UsageError extends Error {}

export const HELP = `Usage: npm start -- [options]

Delay statistics of ${ALL_ROWS.toLocaleString("en-US")} flights, computed by sharray on shared memory.

Options
  --rows N         flights to read, in order of date: 1 to ${ALL_ROWS} (default ${ALL_ROWS})
  --resamples N    bootstrap resamples, each as large as the data: 1 to 100000 (default ${DEFAULT_RESAMPLES})
  --workers N      most worker threads to use: 1 to 256 (default: what the CPU budget allows)
  --strategy NAME  auto: measurements decide (default); threads: always in parallel;
                   sequential: everything on the calling thread
  --cluster        run the bootstrap on a cluster: starts a Redis and two nodes of one thread each
  -h, --help       show this text

The statistics are the same to the last digit for every number of workers and every strategy.
They go to standard output, progress goes to standard error.
Exit code: 0 done, 1 the sequential repeat differed, 2 the options are wrong.`;

const DEFINITIONS = {
  rows: { type: "string" },
  resamples: { type: "string" },
  workers: { type: "string" },
  strategy: { type: "string" },
  cluster: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Name = keyof typeof DEFINITIONS;

/** Returns the options, or "help" when the user asked for it. Throws a UsageError for anything not allowed. */
export function parseOptions(args: string[]): Options | "help" {
  // Not strict: parseArgs' own messages do not say what is allowed, and some take three lines.
  const { tokens } = parseArgs({ args, options: DEFINITIONS, strict: false, tokens: true });
  const given = new Map<Name, string>();
  let help = false;
  let cluster = false;
  for (const token of tokens) {
    if (token.kind !== "option") {
      const received = token.kind === "positional" ? token.value : "--";
      throw new UsageError(
        `every argument must be an option: received ${quote(received)}. ${allowedNames()}`,
      );
    }
    if (!isName(token.name))
      throw new UsageError(`unknown option ${quote(token.rawName)}. ${allowedNames()}`);
    if (token.name === "help" || token.name === "cluster") {
      if (token.value !== undefined) {
        throw new UsageError(`--${token.name} takes no value: received ${quote(token.value)}`);
      }
      if (token.name === "help") help = true;
      else cluster = true;
    } else {
      given.set(token.name, token.value ?? "");
    }
  }
  // The values are checked even when help is asked for: a typing error should not hide behind it.
  const options: Options = {
    rows: integer("rows", given.get("rows"), ALL_ROWS) ?? ALL_ROWS,
    resamples: integer("resamples", given.get("resamples"), 100_000) ?? DEFAULT_RESAMPLES,
    workers: integer("workers", given.get("workers"), 256),
    strategy: strategy(given.get("strategy")),
    cluster,
  };
  return help ? "help" : options;
}

function integer(name: Name, text: string | undefined, largest: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= largest) return value;
  throw new UsageError(`--${name} must be a whole number from 1 to ${largest}: received ${quote(text)}`);
}

function strategy(text: string | undefined): Options["strategy"] {
  if (text === undefined) return "auto";
  const found = STRATEGIES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`--strategy must be one of ${STRATEGIES.join(", ")}: received ${quote(text)}`);
}

function isName(name: string): name is Name {
  return Object.hasOwn(DEFINITIONS, name);
}

function allowedNames(): string {
  return `Allowed are ${Object.keys(DEFINITIONS)
    .map((name) => `--${name}`)
    .join(", ")}`;
}

/** JSON keeps the message on one line, whatever the shell passed on. */
function quote(text: string): string {
  return text === "" ? "nothing" : JSON.stringify(text);
}
