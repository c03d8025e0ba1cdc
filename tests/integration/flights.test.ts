/** The main job, `docs/examples/flights.ts`, as `npm start` runs it, over fewer rows. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decompress } from "fzstd";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { type Ended, runNode } from "./run.js";

const TSX = fileURLToPath(new URL("cli.mjs", import.meta.resolve("tsx")));

/** In the copy of the repository that was packed: its own `dist` is what the example's "sharray" is. */
function flights(...options: string[]): Promise<Ended> {
  return runNode([TSX, join(installed.repository, "docs/examples/flights.ts"), ...options], {
    cwd: installed.repository,
  });
}

/** The results: all but what measures this run. */
function results(stdout: string): string {
  const [before, rest] = stdout.split("What each call cost");
  expect(rest).toBeDefined();
  return before!.trim();
}

describe("the flights example", () => {
  const SMALL = ["--rows", "30000", "--resamples", "8"];
  const runs = new Map<string, Ended>();
  beforeAll(async () => {
    for (const [name, options] of [
      ["one worker", ["--workers", "1", "--strategy", "threads"]],
      ["two workers", ["--workers", "2", "--strategy", "threads"]],
      ["sequential", ["--strategy", "sequential"]],
      ["auto", []],
    ] as const) {
      runs.set(name, await flights(...SMALL, ...options));
    }
  }, 120_000);

  test.each(["one worker", "two workers", "sequential", "auto"])("ends well: %s", (name) => {
    const { code, signal, stdout } = runs.get(name)!;
    expect([code, signal]).toEqual([0, null]);
    expect(stdout).toContain("results equal bit for bit");
  });

  test("prints the same digits for any number of workers and any strategy", () => {
    const expected = results(runs.get("sequential")!.stdout);
    // Digits there are, and as many flights as were asked for.
    expect(expected).toMatch(/\d\.\d{3}/);
    expect(expected).toContain("30,000");
    for (const name of ["one worker", "two workers", "auto"]) {
      expect(results(runs.get(name)!.stdout)).toBe(expected);
    }
  });

  test("prints the statistics that the file has", async () => {
    // Once more from the file, by sorting instead of counting.
    const url = new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets"));
    const file = await asyncBufferFromFile(fileURLToPath(url));
    const rows = await parquetReadObjects({
      file,
      compressors: { ZSTD: (input) => decompress(input) },
      columns: ["delay", "distance"],
      rowEnd: 30_000,
    });
    const line = (label: string, from: number, to: number): string => {
      const delays = rows
        .filter(({ distance }) => Number(distance) >= from && Number(distance) < to)
        .map(({ delay }) => Number(delay))
        .sort((a, b) => a - b);
      const count = delays.length;
      const mean = delays.reduce((sum, delay) => sum + delay, 0) / count;
      const variance = delays.reduce((sum, delay) => sum + (delay - mean) ** 2, 0) / (count - 1);
      const quantile = (share: number): number => {
        const position = (count - 1) * share;
        const low = delays[Math.floor(position)]!;
        return low + (position % 1) * (delays[Math.ceil(position)]! - low);
      };
      const figures = [
        mean.toFixed(3),
        Math.sqrt(variance).toFixed(3),
        quantile(0.5).toFixed(1),
        quantile(0.95).toFixed(1),
      ];
      return [label, count.toLocaleString("en-US"), ...figures].join(" ");
    };
    const printed = results(runs.get("sequential")!.stdout)
      .split("\n")
      .map((text) => text.trim().replaceAll(/ +/g, " "));
    expect(printed).toContain(line("all", 0, Number.POSITIVE_INFINITY));
    expect(printed).toContain(line("below 250", 0, 250));
    expect(printed).toContain(line("500 to 749", 500, 750));
  });

  /** The table of costs: one row per step, by the names of its columns. */
  const costs = (name: string): Map<string, string[]> => {
    const table = runs.get(name)!.stdout.split("What each call cost")[1]!;
    const rows = table
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/))
      .filter((cells) => cells.length === 8 && !cells[0]!.startsWith("-"));
    return new Map(rows.map(([step, ...cells]) => [step!, cells]));
  };

  test("tells for each step what it cost, and that nothing was copied", () => {
    const table = costs("two workers");
    expect(table.get("step")).toEqual([
      "items",
      "strategy",
      "workers",
      "time",
      "placed",
      "shared",
      "metadata",
    ]);
    table.delete("step");
    expect([...table.keys()]).toEqual([
      "ranges and sums",
      "delays by band",
      "bootstrap",
      "standardise",
      "correlation",
      "bootstrap again",
    ]);
    for (const [step, [items, strategy, workers, time, placed, shared, metadata]] of table) {
      const again = step === "bootstrap again";
      expect([step, strategy, workers]).toEqual([step, again ? "sequential" : "threads", again ? "1" : "2"]);
      expect(Number(items)).toBeGreaterThan(0);
      expect(time).toMatch(/^[\d.]+ m?s$/);
      expect(placed).toBe("0 B");
      expect(shared).toMatch(/^[\d.]+ (kB|MB)$/);
      expect(metadata).toMatch(again ? /^0 B$/ : /^\d+ B$/);
    }
  });

  test("runs the bootstrap once more sequentially, and compares", () => {
    expect(runs.get("two workers")!.stdout).toMatch(
      /Bootstrap on 2 workers: .*\nThe same sequentially: .*equal/,
    );
    expect(runs.get("one worker")!.stdout).toContain("Bootstrap on 1 worker:");
    expect(runs.get("sequential")!.stdout).toContain("Bootstrap sequentially:");
  });

  test("shows its progress in plain lines if there is no terminal", () => {
    const { stderr } = runs.get("two workers")!;
    expect(stderr).toContain("Reading flights: 30,000 of 30,000 rows");
    // No bar, no control characters.
    expect([...stderr].filter((character) => character < " " && character !== "\n")).toEqual([]);
    expect(stderr).not.toContain("█");
  });
});

describe("the command line of the flights example", () => {
  test.each(["--help", "-h"])("%s names all options", async (option) => {
    const { code, stdout, stderr } = await flights(option);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of [
      "--rows",
      "--resamples",
      "--workers",
      "--strategy",
      "--help",
      "auto",
      "threads",
      "sequential",
    ]) {
      expect(stdout).toContain(name);
    }
  });

  test.each([
    [["--rows", "0"], '"0"'],
    [["--rows", "x"], '"x"'],
    [["--rows", "3000001"], '"3000001"'],
    [["--resamples=ten"], '"ten"'],
    [["--workers", "-1"], "--workers"],
    [["--strategy", "foo"], '"foo"'],
    [["--unknown"], '"--unknown"'],
    [["--help", "--rows", "x"], '"x"'],
    [["30000"], '"30000"'],
  ])("%j is refused in one line", async (options, quoted) => {
    const { code, stdout, stderr } = await flights(...options);
    expect([code, stdout]).toEqual([2, ""]);
    // One line, so no progress either: nothing was read, let alone dispatched.
    expect(stderr).toMatch(/^flights: .+\n$/);
    expect(stderr).toContain(quoted);
  });
});
