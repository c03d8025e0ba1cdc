/** Runs a sequence in a child process, whose own end is part of what is checked. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SETTINGS } from "./plan.js";
import type { SequenceReport } from "./report.js";

export type SettingsName = keyof typeof SETTINGS;

/** A bound for failures only: a sequence takes 1 to 10 s. Longer than a job may take, which tells more. */
const LIMIT_MS = 150_000;

/** @returns the report, its violations with those of the process: no report, other output, no end */
export async function runSequence(
  program: URL,
  seed: number,
  settings: SettingsName,
): Promise<SequenceReport> {
  const operations = new URL("operations.js", program);
  const parameters = ["--import", operations.href, fileURLToPath(program), String(seed), settings];
  const child = spawn(process.execPath, parameters, {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, LIMIT_MS);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(timer);
  const violations: string[] = [];
  const report = parse(stdout);
  if (isLate) violations.push("its process did not end");
  else if (report === undefined)
    violations.push(`its process ended (${signal ?? code}) without a report: ${stdout}`);
  const printed = withoutLastWords(stderr);
  if (printed !== "") violations.push(`printed ${printed}`);
  return { ...(report ?? nothing(seed)), violations: [...(report?.violations ?? []), ...violations] };
}

/** What V8 and Node print of a process that ends by `abort()`, or as its heap is full. */
const LAST_WORDS = [
  /^\s*$/,
  /^<--- (Last few GCs|JS stacktrace) --->$/,
  /\[\d+:0x[\da-f]+\] .* ms: |since start of marking/,
  /^(FATAL ERROR: .*heap out of memory|----- (Native|JavaScript) stack trace -----)$/,
  /^ *\d+: /,
];

function withoutLastWords(text: string): string {
  const rest = text.split("\n").filter((line) => !LAST_WORDS.some((words) => words.test(line)));
  return rest.join("\n");
}

/** The line that runs one sequence again. */
export function rerunLine(seed: number, settings: SettingsName): string {
  return `npm run soak -- --seed ${seed} --sequences 1${settings === "usual" ? "" : ` --settings ${settings}`}`;
}

function parse(stdout: string): SequenceReport | undefined {
  try {
    return JSON.parse(stdout) as SequenceReport;
  } catch {
    return undefined;
  }
}

function nothing(seed: number): SequenceReport {
  return {
    seed,
    jobs: 0,
    planned: [],
    counts: {},
    retries: 0,
    peakSharedBytes: 0,
    peakRss: 0,
    handles: [],
    violations: [],
  };
}
