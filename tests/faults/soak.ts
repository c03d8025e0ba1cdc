/** The long run of the fault injector: sequence after sequence, until the time is over or one goes wrong. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { rerunLine, runSequence, type SettingsName } from "./child.js";
import { SETTINGS } from "./plan.js";
import type { SequenceReport } from "./report.js";
import { Tally } from "./tally.js";

const HELP = `Usage: npm run soak -- [options]

Runs calls under faults, and compares each with the plain sequential result.

Options
  --minutes N         how long to go on (default 10)
  --seed S            seed of the first sequence; the next ones have S + 1, S + 2, ... (default 1)
  --sequences N       at most so many sequences
  --settings NAME     usual; farther: more faults per call, more workers than cores; or processes: calls on child processes
  -h, --help          show this text

Progress goes to standard error, the figures as Markdown to standard output. Exit code: 0 nothing went wrong, 1 at the
first sequence in which something did, with the line that runs it again; 2 the options are wrong.`;

const PROGRAM = new URL("sequence.js", import.meta.url);

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly sequences: number;
  readonly settings: SettingsName;
}

/** @throws TypeError for anything not allowed */
function parseOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      sequences: { type: "string", default: "Infinity" },
      settings: { type: "string", default: "usual" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const number = (name: "minutes" | "seed" | "sequences"): number => {
    const value = Number(values[name]);
    if (value >= 0 && values[name] !== "") return value;
    throw new TypeError(`Cannot soak as --${name} must be a number: current value is "${values[name]}"`);
  };
  const { settings } = values;
  if (!Object.hasOwn(SETTINGS, settings)) {
    throw new TypeError(
      `Cannot soak as --settings must be one of ${Object.keys(SETTINGS).join(", ")}: current value is "${settings}"`,
    );
  }
  return {
    minutes: number("minutes"),
    seed: number("seed"),
    sequences: number("sequences"),
    settings: settings as SettingsName,
  };
}

/** What all sequences together came to. */
class Totals {
  readonly #tally = new Tally();
  #sequences = 0;
  #jobs = 0;
  #retries = 0;
  #peakSharedBytes = 0;
  #peakRss = 0;
  #handles = 0;

  add(report: SequenceReport): void {
    this.#tally.addAll(report.counts);
    this.#sequences += 1;
    this.#jobs += report.jobs;
    this.#retries += report.retries;
    this.#peakSharedBytes = Math.max(this.#peakSharedBytes, report.peakSharedBytes);
    this.#peakRss = Math.max(this.#peakRss, report.peakRss);
    this.#handles += report.handles.length;
  }

  line(): string {
    return `${this.#jobs} calls, ${this.#tally.total("faults")} faults, ${this.#tally.total("exits")} workers ended`;
  }

  asMarkdown({ seed, settings }: Options, minutes: number): string {
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    const rows = [
      ["sequences", `${this.#sequences}, seeds from ${seed}, settings ${settings}`],
      [
        "time",
        `${minutes.toFixed(1)} minutes, Node ${process.versions.node}, ${availableParallelism()} cores`,
      ],
      ["calls", `${this.#jobs}: ${this.#list("calls")}`],
      ["faults", `${this.#tally.total("faults")}: ${this.#list("faults")}`],
      ["endings", this.#list("endings")],
      ["workers that ended", `${this.#tally.total("exits")}: ${this.#list("exits")}`],
      ["rounds that ran again", this.#retries],
      ["most shared memory in use", megabytes(this.#peakSharedBytes)],
      ["most memory of a process", megabytes(this.#peakRss)],
      ["handles left at the end", this.#handles],
    ];
    return ["| what | figures |", "|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
  }

  #list(group: string): string {
    return Object.entries(this.#tally.counts[group] ?? {})
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  }
}

async function soak(options: Options): Promise<boolean> {
  const { seed, sequences, settings } = options;
  const started = performance.now();
  const minutes = (): number => (performance.now() - started) / 60_000;
  const totals = new Totals();
  const progress = new SingleBar({ format: "{bar} {percentage}%  {line}", stream: process.stderr });
  progress.start(100, 0, { line: "" });
  let next = 0;
  let failed: SequenceReport | undefined;
  const work = async (): Promise<void> => {
    do {
      const report = await runSequence(PROGRAM, seed + next++, settings);
      totals.add(report);
      if (report.violations.length > 0) failed ??= report;
      const share = Math.max(minutes() / options.minutes, next / sequences);
      progress.update(Math.min(100, Math.floor(100 * share)), { line: totals.line() });
    } while (failed === undefined && minutes() < options.minutes && next < sequences);
  };
  // More processes than cores would be no harder: their workers are more than cores already.
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), sequences) }, work));
  progress.stop();
  console.log(totals.asMarkdown(options, minutes()));
  if (failed === undefined) return true;
  console.error(`Seed ${failed.seed} went wrong:\n  ${failed.violations.join("\n  ")}`);
  console.error(rerunLine(failed.seed, settings));
  return false;
}

try {
  const options = parseOptions();
  if (options === undefined) console.log(HELP);
  else process.exitCode = (await soak(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
