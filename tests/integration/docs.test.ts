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
import { type Row, readChain } from "../toolchains/chain.js";
import { pageOf } from "../toolchains/page.js";
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
// What the README had, before it led to them.
const PAGES_OF_CALLS = ["api", "bridge", "calls", "errors", "kernels", "memory"].map(
  (name) => `docs/${name}.md`,
);
const linkPages = [...runPages, "CHANGELOG.md", ...markdownIn("src")];

function read(page: string): string {
  return readFileSync(join(installed.root, page), "utf8");
}

// The blocks of the first run in Chromium, those of the second on a cluster: tests/browser/docs.test.ts, cluster-docs.test.ts.
const programs = runPages
  .filter((page) => page !== "docs/browser.md" && page !== "docs/cluster.md")
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
      expect(info, place).toMatch(/^$|^file=[\w-]+\.([cm]?js|ts)$|^no-run: \S+/);
    }
    const pages = new Set(runnable.map(({ page }) => page));
    expect([...pages]).toEqual(expect.arrayContaining(["README.md", ...PAGES_OF_CALLS]));
    expect(runnable.length).toBeGreaterThanOrEqual(34);
    expect(runnable.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(31);
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

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, "");
}

/** Where links lead, and the sources of pictures. */
function targetsOf(page: string): string[] {
  const links = withoutBlocks(read(page)).matchAll(/\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g);
  return [...links].map(([, link, picture]) => link ?? (picture as string));
}

/** The headings of a page, as GitHub makes anchors of them. */
function anchorsOf(page: string): string[] {
  return [...withoutBlocks(read(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(linkPages)("%s links to files and headings that are there", (page) => {
  for (const target of targetsOf(page)) {
    if (/^https?:/.test(target)) continue;
    const [file, anchor] = target.split("#") as [string, string | undefined];
    const path = file === "" ? page : join(dirname(page), file);
    expect(existsSync(join(installed.root, path)), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(path), target).toContain(anchor);
  }
});

test("links are found, also those of a page to a heading", () => {
  const targets = linkPages.flatMap(targetsOf);
  expect(targets.length).toBeGreaterThan(150);
  expect(targets.filter((target) => target.includes("#")).length).toBeGreaterThan(20);
});

test("the README is what a newcomer reads in five minutes, and leads to every page", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(250);
  const pages = readdirSync(join(installed.root, "docs")).filter((name) => name.endsWith(".md"));
  expect(targetsOf("README.md")).toEqual(expect.arrayContaining(pages.map((name) => `docs/${name}`)));
});

test("no page names a path or address of the machine that it was written on", () => {
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

describe("docs/api.md", () => {
  const page = read("docs/api.md");
  const errorsPage = read("docs/errors.md");
  const rows = (heading: string): string[][] => rowsUnder(page, `## ${heading}`);

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
      () => executor.transformShared(1, Uint8Array, () => {}, unknown),
      () => executor.mapInto([1], Uint8Array, () => {}, unknown),
      () => executor.collectShared(1, Uint8Array, () => 0, unknown),
      () => executor.iterateShared(new Uint8Array(1), () => 0, { passes: 1, ...unknown }),
      async () => executor.submit(1, (x) => x, unknown),
      async () => executor.streamShared([], () => 0, unknown),
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

  test("leads to docs/errors.md, which has every error with its code", () => {
    const documented = Object.fromEntries(
      rowsUnder(errorsPage, "## Classes").map(([name, code]) => [names(name)[0], names(code)[0]]),
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
      const isNamed =
        [page, errorsPage].some((text) => text.includes(`\`${name}`)) || page.includes(`new ${name}`);
      expect(isNamed, name).toBe(true);
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
    ["## Progress", "call/types.d.ts", "Progress"],
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

test("docs/memory.md has every figure of memory()", () => {
  const documented = rowsUnder(read("docs/memory.md"), "## How much is used").flatMap(([field]) =>
    names(field),
  );
  expect(documented).toEqual(Object.keys(new ParallelExecutor().memory()));
});

test("docs/glossary.md has each noun once, with a file of src that is there", () => {
  const rows = [
    ...read("docs/glossary.md").matchAll(/^\| ([^|]+) \| \[([^\]]+)\]\(\.\.\/src\/([^)]+)\) \| (.+) \|$/gm),
  ];
  expect(rows.length).toBeGreaterThan(50);
  const nouns = rows.map(([, noun]) => noun);
  expect(nouns).toEqual([...new Set(nouns)]);
  for (const [, noun, shown, file = "", meaning] of rows) {
    expect(shown, noun).toBe(file);
    expect(existsSync(join(installed.root, "src", file)), `${noun}: ${file}`).toBe(true);
    expect(meaning, noun).toMatch(/^[A-Z].*\.$/);
  }
});

test("README.md names every tool chain that the matrix has", () => {
  const [, part = ""] = read("README.md").split(/^## Works with$([\s\S]*?)^## /m);
  const folder = join(installed.root, "tests/toolchains");
  const projects = readdirSync(folder).filter((name) => existsSync(join(folder, name, "package.json")));
  expect(projects.length).toBeGreaterThan(40);
  for (const project of projects) {
    const { toolchain } = JSON.parse(readFileSync(join(folder, project, "package.json"), "utf8")) as {
      toolchain: { title: string };
    };
    const [name = ""] = toolchain.title.split(",");
    expect(part.toLowerCase(), project).toContain(name.toLowerCase());
  }
});

test("docs/toolchains.md is what npm run test:toolchains makes of its results, which all are good", () => {
  const folder = join(installed.root, "tests/toolchains");
  const chains = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "package.json")))
    .map((name) => readChain(join(folder, name)));
  const rows = JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as Record<string, Row>;
  const page = pageOf(chains, rows);
  expect(page).toBe(read("docs/toolchains.md"));
  expect(page).not.toMatch(/\| (\*\*no\*\*|not run) \|/);
});

test("docs/troubleshooting.md has words of messages that sharray prints, and for each a cause and a fix", () => {
  const sources = readdirSync(join(installed.root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(join(installed.root, "src", path), "utf8"))
    .join("\n")
    .replace(/["`'] \+\s*["`']/g, "");
  const entries = read("docs/troubleshooting.md")
    .split(/^#+ /m)
    .filter((part) => part.startsWith("`"));
  expect(entries.length).toBeGreaterThan(25);
  for (const entry of entries) {
    const [, heading = ""] = /^`(.+)`\n/.exec(entry) ?? [];
    for (const words of heading.split("…")) expect(sources, heading).toContain(words.trim());
    expect(entry, heading).toMatch(/^\*\*Cause\.\*\*[\s\S]*^\*\*Fix\.\*\*/m);
  }
});

describe("docs/comparison.md", () => {
  const page = read("docs/comparison.md");
  const report = readFileSync(join(installed.root, "native-free-bench/results/bench.json"), "utf8");
  const { cells } = JSON.parse(report) as {
    cells: {
      section: string;
      name: string;
      tables: { rows: { name: string; ratio: { median: number } }[] }[];
    }[];
  };

  /** From the first table of a cell of the bench. */
  function ratioOf(section: string, cell: string, row: string): number | undefined {
    const { tables } = cells.find((each) => each.section === section && each.name === cell) ?? {};
    return tables?.[0]?.rows.find(({ name }) => name === row)?.ratio.median;
  }

  test("has the ratios of the peers", () => {
    const lines = page.matchAll(/^\| (cell of the bench|`[\w -]+`) \| (.*) \|$/gm);
    const table = [...lines].map(([, first = "", rest = ""]) => ({ first, cells: rest.split(" | ") }));
    const peers = table.shift()?.cells ?? [];
    expect(peers.length).toBe(4);
    expect(table.length).toBe(10);
    for (const { first: cell, cells: ratios } of table) {
      const measured = peers.map((peer) => ratioOf("peers", cell.slice(1, -1), peer));
      const shown = measured.map((ratio) =>
        ratio === undefined ? "–" : String(Number(ratio.toPrecision(2))),
      );
      expect(ratios, cell).toEqual(shown);
    }
  });

  test.each([
    ["takes %s of sharray's time", "peers", "3 batches", "tinypool, 2 typed arrays"],
    ["sharray takes %s of C's time", "bars", "6 sum against C", "sharray"],
    [
      "sharray takes %s of the time of one JavaScript thread",
      "limits",
      "Black-Scholes",
      "sharray, 2 workers",
    ],
    ["and C %s.", "limits", "Black-Scholes", "C, 2 threads"],
    ["in %s times the time of two bare workers", "bars", "9 pool start", "sharray"],
    ["takes %s of one `postMessage` there and back", "bars", "1 hot job", "job"],
  ])("says as the bench: %s", (words, section, cell, row) => {
    const figure = ratioOf(section, cell, row)?.toFixed(2) as string;
    expect(page.replace(/\s+/g, " ")).toContain(words.replace("%s", figure));
  });
});
