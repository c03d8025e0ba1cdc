/** Holds the layout: which folders may import which, where threads.js and Node's built-ins may be used, how long files are. */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { STRATEGIES } from "../src/strategies/registry.js";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

interface Import {
  readonly specifier: string;
  /** Erased on compiling: `import type`, `export type ... from`, `typeof import()`. */
  readonly typeOnly: boolean;
}

/** Without comments; strings and templates stay whole, as their text may look like a comment. */
function withoutComments(source: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return source.replace(token, (text) => (text.startsWith("/") ? " " : text));
}

function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const found: Import[] = [];
  const from = /^(import|export)\s+(type\s+)?([\w*{][^;"'`]*?)\s*\bfrom\s*["']([^"']+)["']/gm;
  for (const [, , type, names, specifier] of code.matchAll(from)) {
    const each = /^\{([\s\S]*)\}$/
      .exec(names as string)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "");
    const allTypes = each?.every((name) => /^\s*type\s/.test(name)) ?? false;
    found.push({ specifier: specifier as string, typeOnly: type !== undefined || allTypes });
  }
  for (const [, specifier] of code.matchAll(/^import\s*["']([^"']+)["']/gm)) {
    found.push({ specifier: specifier as string, typeOnly: false });
  }
  for (const [, type, specifier] of code.matchAll(/(\btypeof\s+)?\bimport\(\s*["']([^"']+)["']\s*\)/g)) {
    found.push({ specifier: specifier as string, typeOnly: type !== undefined });
  }
  return found;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.replaceAll("\\", "/"))
  .sort();
const sources = new Map(files.map((file) => [file, readFileSync(join(SRC, file), "utf8")]));
const imports = new Map([...sources].map(([file, source]) => [file, importsOf(source)]));

const isInternal = (specifier: string): boolean => specifier.startsWith(".");

/** The file of `src` that an internal specifier names. */
function target(file: string, specifier: string): string {
  const path = resolve(SRC, dirname(file), specifier).replace(/\.js$/, ".ts");
  return relative(SRC, path).replaceAll("\\", "/");
}

function internalImports(file: string, { types = true } = {}): string[] {
  return (imports.get(file) as Import[])
    .filter(({ specifier, typeOnly }) => isInternal(specifier) && (types || !typeOnly))
    .map(({ specifier }) => target(file, specifier));
}

function filesThatImport(matches: (specifier: string) => boolean): string[] {
  return files.filter((file) => (imports.get(file) as Import[]).some(({ specifier }) => matches(specifier)));
}

describe("the reading of imports", () => {
  it.each<[string, Import[]]>([
    ['import { a } from "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ["import a, { b } from './a.js'", [{ specifier: "./a.js", typeOnly: false }]],
    ['import * as a from "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ['import type { A } from "./a.js";', [{ specifier: "./a.js", typeOnly: true }]],
    ['import { type A, type B } from "./a.js";', [{ specifier: "./a.js", typeOnly: true }]],
    ['import { type A, b } from "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ['import {\n  a,\n  b,\n} from "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ['import "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ['export { a } from "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ['export * from "./a.js";', [{ specifier: "./a.js", typeOnly: false }]],
    ['export type { A } from "./a.js";', [{ specifier: "./a.js", typeOnly: true }]],
    ['const m = await import("./a.js");', [{ specifier: "./a.js", typeOnly: false }]],
    ['type M = typeof import("./a.js");', [{ specifier: "./a.js", typeOnly: true }]],
    ['// import { a } from "./a.js";', []],
    ['/**\n import { a } from "./a.js";\n*/', []],
    [
      'const url = "https://x"; // y\nimport { a } from "./a.js";',
      [{ specifier: "./a.js", typeOnly: false }],
    ],
  ])("%s", (source, expected) => {
    expect(importsOf(source)).toEqual(expected);
  });

  it.each(files)("misses none in %s", (file) => {
    const code = withoutComments(sources.get(file) as string);
    const statements = code.match(/\bfrom\s*["'][^"']+["']|^import\s*["']/gm)?.length ?? 0;
    const calls = code.match(/\bimport\(\s*["']/g)?.length ?? 0;
    expect(imports.get(file)).toHaveLength(statements + calls);
  });

  it("finds every internal target", () => {
    expect(files.length).toBeGreaterThan(40);
    for (const file of files) {
      for (const each of internalImports(file)) expect(files, `${file} imports ${each}`).toContain(each);
    }
  });

  it("computed imports stand only where kernels are loaded", () => {
    const computed = files.filter((file) => {
      const code = withoutComments(sources.get(file) as string).replace(
        /"(?:\\.|[^"\\\n])*"|'[^'\n]*'/g,
        '""',
      );
      return /\bimport\(\s*[^"\s]/.test(code) || /\brequire\(/.test(code);
    });
    expect(computed).toEqual(["platform/import-module.browser.ts", "platform/import-module.ts"]);
  });
});

const BELOW_STRATEGIES = ["errors", "platform", "plan", "memory", "protocol", "kernel", "tasks"];
const BELOW_CALL = [...BELOW_STRATEGIES, "strategies", "telemetry", "config"];

/** What each part may import besides itself. A part is a folder of `src`, or a file beside them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  platform: ["errors"],
  plan: ["errors", "platform"],
  memory: ["errors", "platform", "plan"],
  protocol: ["errors", "platform", "plan", "memory"],
  kernel: ["errors", "platform", "plan", "memory", "protocol"],
  tasks: ["errors", "platform", "memory", "protocol", "kernel"],
  strategies: BELOW_STRATEGIES,
  telemetry: ["errors", "platform", "plan", "protocol", "strategies"],
  config: ["errors", "platform", "plan", "memory", "kernel", "strategies", "telemetry"],
  call: BELOW_CALL,
  executor: [...BELOW_CALL, "call"],
  bridge: [...BELOW_CALL, "call", "executor"],
  cluster: [...BELOW_CALL, "call", "executor", "bridge"],
  index: [...BELOW_CALL, "call", "executor"],
};

function partOf(file: string): string {
  return (file.split("/")[0] as string).replace(/\.ts$/, "");
}

describe("import directions", () => {
  it("every file belongs to a part", () => {
    expect([...new Set(files.map(partOf))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it.each(files)("%s", (file) => {
    const part = partOf(file);
    const allowed = [part, ...(MAY_IMPORT[part] as readonly string[])];
    for (const each of internalImports(file))
      expect(allowed, `${file} imports ${each}`).toContain(partOf(each));
  });

  it("kernel takes nothing but types from protocol", () => {
    const crossing = files
      .filter((file) => partOf(file) === "kernel")
      .flatMap((file) => internalImports(file, { types: false }))
      .filter((each) => partOf(each) === "protocol");
    expect(crossing).toEqual([]);
  });

  it("nothing below the configuration knows of telemetry", () => {
    const knowing = files.filter((file) =>
      internalImports(file).some((each) => partOf(each) === "telemetry"),
    );
    const above = ["bridge", "call", "cluster", "config", "executor", "index", "telemetry"];
    expect(knowing.filter((file) => !above.includes(partOf(file)))).toEqual([]);
  });

  it("telemetry events are types only", () => {
    for (const file of files) {
      expect(internalImports(file, { types: false }), file).not.toContain("telemetry/events.ts");
    }
    const values = /^export\s+(?!type\b|interface\b)/m;
    expect(withoutComments(sources.get("telemetry/events.ts") as string)).not.toMatch(values);
  });

  it("telemetry takes nothing but types from strategies", () => {
    const crossing = files
      .filter((file) => partOf(file) === "telemetry")
      .flatMap((file) => internalImports(file, { types: false }))
      .filter((each) => partOf(each) === "strategies");
    expect(crossing).toEqual([]);
  });

  it("plans know no strategy by its name", () => {
    const names = STRATEGIES.map(({ name }) => name);
    expect(names).toContain("threads");
    const naming = files.filter((file) => {
      const code = withoutComments(sources.get(file) as string);
      return !file.startsWith("strategies/") && names.some((name) => code.includes(`"${name}"`));
    });
    // What `processes` meant to somebody who comes from joblib; and what nodes run shards on.
    const known = [
      "config/env.ts",
      "cluster/cluster-calls.ts",
      "cluster/options.ts",
      "cluster/shard-request.ts",
    ];
    expect(naming.filter((file) => !known.includes(file))).toEqual([]);
  });

  it("only index and nodes of a cluster make the executor of this thread, and others know its type", () => {
    const own = "executor/parallel-executor.ts";
    const importers = files.filter((file) => internalImports(file).includes(own));
    const makers = ["cluster/serve-node.ts", "index.ts"];
    const knowing = ["bridge/serve.ts", "cluster/shard-runner.ts", "cluster/span-cache.ts"];
    expect(importers).toEqual([...makers, ...knowing].sort());
    for (const file of knowing) expect(internalImports(file, { types: false })).not.toContain(own);
    expect(files.filter((file) => internalImports(file).includes("index.ts"))).toEqual([]);
  });

  /** All files that are loaded with one. */
  function loadedWith(file: string, loaded = new Set<string>()): Set<string> {
    if (loaded.has(file)) return loaded;
    loaded.add(file);
    for (const each of internalImports(file, { types: false })) loadedWith(each, loaded);
    return loaded;
  }

  it("index loads none of the entries beside it", () => {
    const loaded = loadedWith("index.ts");
    expect(loaded).toContain("telemetry/emit.ts");
    for (const entry of ["bridge/index.ts", "cluster/index.ts", "telemetry/otel.ts", "telemetry/trace.ts"]) {
      expect(files).toContain(entry);
      expect(loaded).not.toContain(entry);
    }
  });

  it("a client of the bridge loads nothing that starts threads or runs calls", () => {
    const loaded = loadedWith("bridge/index.ts");
    expect(loaded).toContain("bridge/connect.ts");
    for (const file of [
      "executor/parallel-executor.ts",
      "call/calls.ts",
      "call/planner.ts",
      "strategies/registry.ts",
      "strategies/threads/pool.ts",
      "strategies/threads/worker/worker-server.ts",
    ]) {
      expect(files).toContain(file);
      expect(loaded).not.toContain(file);
    }
  });

  it("there are no cycles, among types neither", () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      const at = path.indexOf(file);
      if (at !== -1) throw new Error(`cycle: ${[...path.slice(at), file].join(" -> ")}`);
      if (done.has(file)) return;
      for (const each of internalImports(file)) visit(each, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});

describe("what comes from outside", () => {
  it("threads.js: what makes threads of workers alone, and the worker's side of it", () => {
    expect(filesThatImport((specifier) => specifier === "threads")).toEqual([
      "strategies/threads/thread-control.ts",
    ]);
    expect(filesThatImport((specifier) => specifier.startsWith("threads/"))).toEqual([
      "strategies/threads/worker/control-plane.ts",
      "strategies/threads/worker/entry.browser.ts",
    ]);
    const threads = [...imports.values()].flat().map(({ specifier }) => specifier);
    expect(threads.filter((each) => each === "threads/worker")).toHaveLength(2);
  });

  it("Node's built-ins, by their node: names, and only in the platform and in what is for Node alone", () => {
    const outside = filesThatImport((specifier) => specifier.startsWith("node:")).filter(
      (file) => partOf(file) !== "platform" && partOf(file) !== "cluster",
    );
    expect(outside).toEqual(["strategies/threads/worker/entry.ts"]);
    expect(filesThatImport((specifier) => builtinModules.includes(specifier))).toEqual([]);
  });

  it("what tests put fakes for: from builtins.ts, which holds the real ones", () => {
    const faked =
      /(?<![.\w#"])(clear(?:Immediate|Interval|Timeout)|set(?:Immediate|Interval|Timeout)|queueMicrotask|structuredClone|nextTick|MessageChannel|performance(?=\.now)|Date\.now)\b(?!\s*:)/g;
    const others = files.filter((file) => !/^platform\/builtins\.(browser\.)?ts$/.test(file));
    const strays = others.flatMap((file) => {
      const code = withoutComments(sources.get(file) as string);
      const text = code.replace(/"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, '""');
      const held = [...code.matchAll(/^import \{([^}]*)\} from "[./\w]*\/builtins\.js";$/gm)].flatMap(
        ([, list]) => (list as string).split(",").map((name) => name.replace(/\btype\b/, "").trim()),
      );
      const used = new Set([...text.matchAll(faked)].map(([, name]) => name as string));
      return [...used].filter((name) => !held.includes(name)).map((name) => `${name} in ${file}`);
    });
    expect(strays.sort()).toEqual([
      // The time of day, which machines have in common, and which a test may want to be its own.
      "Date.now in cluster/request-check.ts",
      "Date.now in cluster/shard-sender.ts",
      "Date.now in telemetry/otel.ts",
      // Taken from Node's modules in the same way.
      "performance in platform/runtime.ts",
      "setImmediate in platform/runtime.ts",
    ]);
  });

  it("packages: each where it is needed, and no other", () => {
    const packages = new Map<string, string[]>();
    for (const [file, list] of imports) {
      for (const { specifier, typeOnly } of list) {
        if (isInternal(specifier) || specifier.startsWith("node:") || typeOnly) continue;
        const name = specifier.startsWith("@") ? specifier : (specifier.split("/")[0] as string);
        packages.set(name, [...new Set([...(packages.get(name) ?? []), file])]);
      }
    }
    expect(Object.fromEntries(packages)).toEqual({
      "@msgpack/msgpack": ["protocol/msgpack.ts"],
      bullmq: ["cluster/postgres-store.ts", "cluster/redis-store.ts", "cluster/shard-runner.ts"],
      acorn: ["kernel/inline/parser.ts", "kernel/module/may-export.ts"],
      comlink: ["bridge/host-connection.ts", "bridge/remote-methods.ts"],
      "@opentelemetry/api": ["telemetry/otel.ts"],
      ioredis: ["cluster/redis-store.ts"],
      pg: ["cluster/postgres-client.ts"],
      "eslint-scope": ["kernel/inline/free-variables.ts", "kernel/module/may-export.ts"],
      threads: [
        "strategies/threads/thread-control.ts",
        "strategies/threads/worker/control-plane.ts",
        "strategies/threads/worker/entry.browser.ts",
      ],
    });
  });

  it("a worker notes the listeners before threads.js is imported", () => {
    const order = (imports.get("strategies/threads/worker/control-plane.ts") as Import[])
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ specifier }) => specifier);
    expect(order).toContain("./listeners-before.js");
    expect(order.indexOf("./listeners-before.js")).toBeLessThan(order.indexOf("threads/worker"));
  });
});

describe("browsers", () => {
  const twinOf = (file: string): string => file.replace(/\.ts$/, ".browser.ts");
  const twins = files.filter((file) => files.includes(twinOf(file)));
  // Of no module that Node has: what their own entry starts with.
  const ALONE = [
    "platform/worker-liveness.browser.ts",
    "platform/worker-text.browser.ts",
    "strategies/threads/worker/entry.browser.ts",
  ];

  // Of Node alone: nobody imports it.
  const ENTRIES = ["cluster/index.ts", "strategies/processes/child/entry.ts"];

  it("every file for browsers stands in for one of Node's", () => {
    const forBrowsers = files.filter((file) => file.endsWith(".browser.ts"));
    expect(twins.length).toBeGreaterThan(8);
    expect(forBrowsers.filter((file) => !ALONE.includes(file))).toEqual(
      twins
        .filter((file) => !ALONE.includes(twinOf(file)))
        .map(twinOf)
        .sort(),
    );
  });

  it("only files of the platform have a twin, and all that import Node's built-ins, but for those that none but they import", () => {
    for (const file of twins) expect(file).toMatch(/^platform\/|^strategies\/(threads\/worker|processes)\//);
    const node = filesThatImport((specifier) => specifier.startsWith("node:"));
    const isForNode = (file: string): boolean => {
      const importers = files.filter((each) => internalImports(each).includes(file));
      return [...twins, ...ENTRIES].includes(file) || (importers.length > 0 && importers.every(isForNode));
    };
    expect(node.filter((file) => !isForNode(file))).toEqual([]);
  });

  it("what both have has the same names on both sides", () => {
    const names = (file: string): string[] => {
      const code = withoutComments(sources.get(file) as string);
      const declared = code.matchAll(/^export (?:async )?(?:function|const|class|interface) (\w+)/gm);
      const listed = [...code.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = ""]) => list.split(","));
      const renamed = listed.map((name) => (/(\w+)\s*$/.exec(name) as RegExpExecArray)[1] as string);
      return [...[...declared].map(([, name]) => name as string), ...renamed].sort();
    };
    for (const file of twins) {
      expect(names(twinOf(file)).length, file).toBe(names(file).length);
      expect(names(twinOf(file)), file).toEqual(names(file));
    }
  });
});

describe("the length of files", () => {
  // Two plain lists. `errors.ts` has one small class after the other, and how their messages show values. `executor.ts` has one
  // public call after the other: more lines of documentation than of code.
  const LONGEST: Readonly<Record<string, number>> = { "errors.ts": 400, "executor/executor.ts": 400 };

  it.each(files)("%s", (file) => {
    const lines = (sources.get(file) as string).trimEnd().split("\n").length;
    expect(lines).toBeLessThanOrEqual(LONGEST[file] ?? 250);
  });
});

it.each(readdirSync(SRC).filter((part) => !part.endsWith(".ts")))(
  "%s says what lives there, what it may import and what it must never do",
  (part) => {
    const text = readFileSync(join(SRC, part, "README.md"), "utf8").replace(/\s+/g, " ");
    expect(text).toContain("live");
    expect(text).toContain("may import");
    expect(text).toContain("must never");
  },
);
