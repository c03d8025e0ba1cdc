/**
 * The documentation does what it says. In README.md, CONTRIBUTING.md and docs/:
 *
 * - every `js` block is run by plain Node, every `ts` block under tsx, in a project that has the package installed;
 * - where a `text` block follows, it must be what the block prints; anything on standard error fails;
 * - `file=NAME` behind the language keeps the block under that name, for later blocks of the page to import;
 * - `no-run: REASON` behind the language leaves a block out.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as api from "sharray";
import { KernelError, ParallelConfig, ParallelExecutor, SharrayError } from "sharray";
import { beforeAll, describe, expect, test } from "vitest";
import { defaultHostProfile } from "../../src/plan/host-profile.js";
import { blocksOf } from "./blocks.js";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

function markdownIn(folder: string): string[] {
  return readdirSync(join(installed.root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join(folder, path))
    .sort();
}

const runPages = ["README.md", "CONTRIBUTING.md", ...markdownIn("docs")];
const linkPages = [...runPages, "CHANGELOG.md", ...markdownIn("src")];

function read(page: string): string {
  return readFileSync(join(installed.root, page), "utf8");
}

// The blocks of this one run in Chromium: tests/browser/docs.test.ts.
const programs = runPages
  .filter((page) => page !== "docs/browser.md")
  .flatMap((page) => {
    return blocksOf(read(page))
      .filter(({ language }) => ["js", "ts", "javascript", "typescript", "mjs"].includes(language))
      .map((block) => ({ ...block, page, place: `${page}:${block.line}` }));
  });
const runnable = programs.filter(({ info }) => !info.startsWith("no-run"));

/** Where the blocks of a page are kept. Inside the project, so that "sharray" is the installed package. */
function folderOf(page: string): string {
  return join(installed.project, "docs", page.replace(/\W+/g, "-"));
}

function fileOf({ page, language, info, line }: (typeof programs)[number]): string {
  const name = /^file=([\w.-]+)$/.exec(info)?.[1] ?? `line-${line}.${language}`;
  return join(folderOf(page), name);
}

describe("the blocks", () => {
  test("are found, named as agreed, and few are left out", () => {
    for (const { language, info, place } of programs) {
      expect(["js", "ts"], place).toContain(language);
      expect(info, place).toMatch(/^$|^file=[\w-]+\.(js|ts)$|^no-run: \S+/);
    }
    const inReadme = runnable.filter(({ page }) => page === "README.md");
    expect(inReadme.length).toBeGreaterThanOrEqual(8);
    expect(inReadme.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(7);
    expect(programs.length - runnable.length).toBeLessThanOrEqual(2);
  });

  beforeAll(() => {
    for (const block of runnable) {
      mkdirSync(folderOf(block.page), { recursive: true });
      writeFileSync(fileOf(block), block.text);
    }
  });

  test.each(runnable)("$place runs and prints what it says", async (block) => {
    // As `tsx FILE` does; the project itself has no tsx.
    const loader = block.language === "ts" ? ["--import", import.meta.resolve("tsx")] : [];
    const { code, stdout, stderr } = await runNode([...loader, fileOf(block)], { cwd: folderOf(block.page) });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout.trimEnd()).toBe((block.output ?? "").trimEnd());
  });
});

test("every relative link leads to a file", () => {
  let links = 0;
  for (const page of linkPages) {
    const text = read(page).replace(/^```[\s\S]*?^```/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|#)/.test(target)) continue;
      links += 1;
      const path = join(installed.root, dirname(page), target.replace(/#.*/, ""));
      expect(existsSync(path), `${page} links to ${target}`).toBe(true);
    }
  }
  expect(links).toBeGreaterThan(15);
});

test("no page tells where it was written", () => {
  for (const page of linkPages) expect(read(page), page).not.toMatch(/\/(home|root|work|tmp|Users)\//);
});

/** The rows of the tables under a heading, each as its cells. Rows without a name in backquotes are left out. */
function rowsUnder(text: string, heading: string): string[][] {
  const start = text.indexOf(heading);
  expect(start, heading).not.toBe(-1);
  const [, part = ""] = text.slice(start).split(/^#{2,3} .*$/m);
  return [...part.matchAll(/^\| (`.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
}

/** The names in backquotes of a cell: `` `start()`, `x` `` has start and x. */
function names(cell: string | undefined): string[] {
  return [...(cell ?? "").matchAll(/`\[?([\w.]+)/g)].map(([, name = ""]) => name);
}

describe("the API section of the README", () => {
  const section = /^## API$([\s\S]*?)^## /m.exec(read("README.md"))?.[1] ?? "";
  const rows = (heading: string): string[][] => rowsUnder(section, `### ${heading}`);

  test("has every option of the executor, with its default", () => {
    const documented = new Map(rows("`new ParallelExecutor").map(([name, value]) => [names(name)[0], value]));
    const config = new ParallelConfig() as unknown as Record<string, unknown>;
    expect([...documented.keys()].sort()).toEqual(Object.keys(config).sort());
    let literals = 0;
    for (const [name, value = ""] of documented) {
      const literal = /^`(.*)`$/.exec(value)?.[1];
      if (literal !== undefined) {
        expect(config[name as string], name).toEqual(JSON.parse(literal));
        literals += 1;
      } else if (value === "none") expect(config[name as string], name).toBeUndefined();
    }
    expect(literals).toBeGreaterThanOrEqual(6);
  });

  test("has every option of the calls", async () => {
    const documented = rows("Call options").flatMap(([name]) => names(name));
    const executor = new ParallelExecutor({ strategy: "sequential" });
    const unknown = { nonsense: 1 } as object;
    const add = (a: number, b: number) => a + b;
    const calls = [
      () => executor.map([1], (x) => x, unknown),
      () => executor.mapShared([new Uint8Array(1)], () => 1, unknown),
      () => executor.reduceShared([new Uint8Array(1)], () => 1, add, unknown),
    ];
    const known = new Set<string>();
    for (const call of calls) {
      const error = (await call().catch((thrown: unknown) => thrown)) as InstanceType<
        typeof api.ConfigurationError
      >;
      const list = /the options of this call are (.*)$/.exec(error.allowed)?.[1] as string;
      for (const name of list.split(", ")) known.add(name);
    }
    await executor.shutdown();
    expect(documented.sort()).toEqual([...known].sort());
  });

  test("has every member of the executor", () => {
    const documented = rows("Methods").flatMap(([member]) => names(member));
    const executor = new ParallelExecutor();
    const members = new Set(Object.keys(executor));
    for (let { prototype } = ParallelExecutor; prototype !== Object.prototype; ) {
      for (const name of Object.getOwnPropertyNames(prototype)) members.add(name);
      prototype = Object.getPrototypeOf(prototype) as typeof prototype;
    }
    members.delete("constructor");
    expect(documented.sort()).toEqual([...members].sort());
  });

  test("has every error with its code", () => {
    const documented = Object.fromEntries(
      rows("Errors").map(([name, code]) => [names(name)[0], names(code)[0]]),
    );
    const errors = Object.values(api).filter(
      (value) => typeof value === "function" && value.prototype instanceof SharrayError,
    );
    expect(Object.keys(documented).sort()).toEqual(errors.map(({ name }) => name).sort());
    expect(documented["KernelError"]).toBe(new KernelError(0, 0, 1, "").code);
    const source = readFileSync(join(installed.root, "src/errors.ts"), "utf8");
    const codes = [...source.matchAll(/code = "(\w+)"/g)].map(([, code]) => code);
    expect(Object.values(documented).sort()).toEqual(codes.sort());
  });

  test("names every export, the types too", () => {
    const declarations = readFileSync(join(installed.package, "dist/index.d.ts"), "utf8");
    const types = [...declarations.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = ""]) => {
      return list.split(",").map((name) => name.replace(/\btype\b/, "").trim());
    });
    expect(types.length).toBeGreaterThan(30);
    for (const name of [...Object.keys(api), ...types.filter((each) => each !== "")]) {
      expect(section.includes(`\`${name}`) || section.includes(`new ${name}`), name).toBe(true);
    }
  });
});

/** The fields of an interface that the package exports, from its declarations, without those it inherits. */
function fieldsOf(file: string, name: string): string[] {
  const declarations = readFileSync(join(installed.package, "dist", file), "utf8");
  const [, body = ""] =
    new RegExp(`^export interface ${name}[^{]*\\{$([^]*?)^\\}$`, "m").exec(declarations) ?? [];
  const fields = [...body.matchAll(/^ {4}readonly (\w+)\??:/gm)].map(([, field = ""]) => field);
  expect(fields.length, name).toBeGreaterThan(0);
  return fields.sort();
}

describe("docs/telemetry.md", () => {
  const page = read("docs/telemetry.md");
  const events = "telemetry/events.d.ts";

  test.each([
    ["### `parallel_decision`", events, "ParallelDecision"],
    ["### `parallel_fallback`", events, "ParallelFallback"],
    ["### `parallel_failure`", events, "ParallelFailure"],
    ["### `parallel_left`", events, "ParallelLeft"],
    ["## Progress", "calls.d.ts", "Progress"],
  ])("%s has the fields of %s: %s", (heading, file, name) => {
    const documented = rowsUnder(page, heading).flatMap(([field]) => names(field));
    expect(documented.sort()).toEqual(fieldsOf(file, name));
  });

  // These have several tables, told apart by their first line.
  test.each([
    ["### `parallel_execution`", "field", events, "ParallelExecution"],
    ["### `parallel_execution`", "part", "plan/plan.d.ts", "Estimate"],
    ["### `call_trace`", "field", events, "CallTrace"],
    ["### `call_trace`", "field of a span", events, "TraceSpan"],
    ["### `call_trace`", "field of a claim", "protocol/round.d.ts", "Claim"],
  ])("%s has a table by %s with the fields of %s: %s", (heading, first, file, name) => {
    const section = page.slice(page.indexOf(heading));
    const table = section.slice(section.indexOf(`| ${first} |`)).split("\n\n")[0] ?? "";
    const documented = rowsUnder(`${heading}\n${table}`, heading).flatMap(([field]) => names(field));
    expect(documented.sort()).toEqual(fieldsOf(file, name));
  });

  test("has the fields of the metrics, and of their percentiles", () => {
    const documented = rowsUnder(page, "## Metrics").flatMap(([field]) => names(field));
    const executor = new ParallelExecutor();
    const snapshot = executor.metrics.snapshot();
    expect(documented.sort()).toEqual([...Object.keys(snapshot), ...Object.keys(snapshot.latency)].sort());
  });

  test("has every event and channel under a heading of its own", () => {
    const documented = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name);
    const known = [...fieldsOf(events, "TelemetryEvents"), ...fieldsOf(events, "ChannelMessages")];
    expect(documented.sort()).toEqual(known.sort());
  });
});

test("docs/planner.md has every figure of the machine, with what it is supposed to be", () => {
  const rows = rowsUnder(read("docs/planner.md"), "## What a plan rests on");
  const documented = Object.fromEntries(rows.map(([field, value]) => [names(field)[0], Number(value)]));
  expect(documented).toEqual({ ...defaultHostProfile });
});
