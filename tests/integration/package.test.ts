/** What is published: the tarball, its types, and that it runs under each version of Node it is for. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { join, posix } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { parse } from "acorn";
import { build } from "esbuild";
import { publint } from "publint";
import { beforeAll, describe, expect, test } from "vitest";
import { nodeOf } from "../matrix/node.js";
import { installed } from "./installed.js";
import { program, runNode } from "./run.js";

const run = promisify(execFile);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = (): Manifest =>
  JSON.parse(readFileSync(join(installed.package, "package.json"), "utf8")) as Manifest;

/** Paths in the tarball, without npm's leading "package/". */
async function packedFiles(): Promise<string[]> {
  const { stdout } = await run("tar", ["-tzf", installed.tarball]);
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""))
    .sort();
}

/** Files of types that the entries lead to, for ES modules ("ts") or CommonJS ("cts"). */
function typesOf(suffix: "ts" | "cts"): string[] {
  const entries = ["index", "bridge/index", "cluster/index", "telemetry/otel", "telemetry/trace"];
  const files = new Set(entries.map((name) => `dist/${name}.d.${suffix}`));
  for (const file of files) {
    const text = readFileSync(join(installed.package, file), "utf8");
    for (const path of importedTypes(text).filter((name) => name.startsWith("."))) {
      files.add(posix.join(posix.dirname(file), path.replace(/\.(c?)js$/, ".d.$1ts")));
    }
  }
  return [...files];
}

/** What a page loads that makes an executor. Workers and threads.js come at need. */
async function pageBundle(): Promise<Uint8Array> {
  const contents = 'export { ParallelExecutor } from "sharray";';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: installed.project },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: "page",
    write: false,
  });
  return (outputFiles.find(({ path }) => path.endsWith("stdin.js")) as { contents: Uint8Array }).contents;
}

function importedTypes(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"([^"]+)"/g)].map(([, name]) => name as string);
}

/** Packages whose licences are in the folder. */
function licensedIn(folder: string): string[] {
  const licenses = readFileSync(join(installed.package, folder, "LICENSES.txt"), "utf8");
  const names = [...licenses.matchAll(/^(\S+)\/(?:licen[cs]e(?:\.\w+)?|README\.md)$/gim)].map(
    ([, name]) => name as string,
  );
  return names.sort();
}

describe("the tarball", () => {
  test("holds the built modules, their types, and what npm shows; nothing else", async () => {
    const files = await packedFiles();
    const modules = files.filter((path) => path.startsWith("dist/"));
    expect(files.filter((path) => !modules.includes(path) && path !== "CHANGELOG.md")).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    const isChunk = (path: string): boolean =>
      /^dist\/(browser|bundler)\/(chunk|thread-control|worker-text\.browser)-[A-Z0-9]+\.js$/.test(path);
    const types = modules.filter((path) => /\.d\.c?ts$/.test(path));
    const entries = ["LICENSES.txt", "bridge.js", "index.js", "otel.js", "trace.js"];
    const ofNode = [
      "bridge/index",
      "cluster/index",
      "core",
      "index",
      "script-texts",
      "telemetry/otel",
      "telemetry/trace",
      "thread-control",
    ];
    expect(modules.filter((path) => !isChunk(path) && !types.includes(path))).toEqual(
      [
        ...["LICENSES.txt", "cli/cluster.js", "cli/kernel.js", "cli/sharray.js", "bundler/cluster.js"],
        ...["worker/LICENSES.txt", "worker/child.cjs", "worker/entry.cjs"],
        ...ofNode.flatMap((name) => [`${name}.js`, `${name}.cjs`]),
        ...entries.map((file) => `bundler/${file}`),
        ...[...entries, "worker.js"].map((file) => `browser/${file}`),
      ]
        .map((file) => `dist/${file}`)
        .sort(),
    );
    const others = ["dist/strategies/threads/worker/entry.d.ts", "dist/platform/optimizations.d.ts"];
    const reached = new Set([...typesOf("ts"), ...typesOf("cts"), ...others]);
    expect(types).toEqual([...reached].sort());
  });

  const ofCaller = ["acorn", "comlink", "eslint-scope", "esrecurse", "estraverse", "observable-fns"];

  test.each([
    ["dist", ["@msgpack/msgpack", ...ofCaller, "is-observable", "threads"]],
    ["dist/bundler", ["@msgpack/msgpack", ...ofCaller, "is-observable", "threads"]],
    ["dist/worker", ["@msgpack/msgpack", "is-observable", "threads"]],
    ["dist/browser", ["@msgpack/msgpack", ...ofCaller, "is-observable", "threads"]],
  ])("has the licence of every package that is bundled in %s", (folder, bundled) => {
    expect(licensedIn(folder)).toEqual(bundled.sort());
  });

  test("has no Node built-in in what browsers get, and leaves nothing for them to find elsewhere", async () => {
    const files = (await packedFiles()).filter((path) => /^dist\/browser\/.*\.js$/.test(path));
    expect(files.length).toBeGreaterThan(5);
    const imported = files.flatMap((path) => importsOf(readFileSync(join(installed.package, path), "utf8")));
    const elsewhere = imported.filter((specifier) => !specifier.startsWith("./"));
    expect([...new Set(elsewhere)]).toEqual(["@opentelemetry/api"]);
  });

  test("imports built-in modules, its own files and its declared dependencies only, and all of those", async () => {
    const files = new Set(await packedFiles());
    const { dependencies: own, peerDependencies } = manifest();
    const dependencies = { ...own, ...peerDependencies };
    const used = new Set<string>();
    const undeclared: string[] = [];
    for (const file of files) {
      if (!file.endsWith(".js")) continue;
      for (const specifier of importsOf(readFileSync(join(installed.package, file), "utf8"))) {
        if (specifier.startsWith(".")) {
          if (!files.has(posix.join(posix.dirname(file), specifier)))
            undeclared.push(`${file}: ${specifier}`);
        } else if (!specifier.startsWith("node:")) {
          const name = packageOf(specifier);
          used.add(name);
          // Built-in modules without their prefix could be somebody's package.
          if (!(name in dependencies) || builtinModules.includes(name))
            undeclared.push(`${file}: ${specifier}`);
        }
      }
    }
    expect(undeclared).toEqual([]);
    const bundled = ["dist", "dist/worker"].flatMap(licensedIn).filter((name) => name in dependencies);
    expect([...new Set([...used, ...bundled])].sort()).toEqual(Object.keys(dependencies).sort());
  });

  test("loads no optional peer unless it is asked to: sharray/cluster names the one that is missing", async () => {
    const bare = mkdtempSync(join(installed.run, "without-peers-"));
    cpSync(installed.package, join(bare, "node_modules/sharray"), { recursive: true });
    const code = `
      const { ParallelExecutor } = await import("sharray");
      const executor = new ParallelExecutor({ strategy: "sequential" });
      console.log(await executor.map([1, 2], (x) => x * 2));
      console.log(await import("sharray/cluster").catch(({ code, message }) => [code, /bullmq|ioredis/.test(message)]));`;
    const { code: ended, stdout } = await runNode(["--input-type=module", "-e", code], { cwd: bare });
    expect([ended, stdout]).toEqual([0, '[ 2, 4 ]\n[ "ERR_MODULE_NOT_FOUND", true ]\n'.replaceAll('"', "'")]);
  });

  test("declares its types without packages that users do not have", () => {
    const { dependencies, peerDependencies } = manifest();
    const known = { ...dependencies, ...peerDependencies };
    const undeclared = [...typesOf("ts"), ...typesOf("cts")].flatMap((file) => {
      const text = readFileSync(join(installed.package, file), "utf8");
      const references = [...text.matchAll(/\/\/\/ *<reference .*/g)].map(([reference]) => reference);
      const packages = importedTypes(text).filter(
        (name) => !name.startsWith(".") && !(packageOf(name) in known),
      );
      return [...references, ...packages].map((found) => `${file}: ${found}`);
    });
    expect(undeclared).toEqual([]);
  });

  /** Kilobytes, compressed. To raise one is a decision: it is what users download, and what each program reads at its start. */
  test.each([
    ["the tarball", 1350, async () => readFileSync(installed.tarball)],
    ["what Node reads", 172, async () => gzipSync(readFileSync(join(installed.package, "dist/core.js")))],
    [
      "a worker in Node",
      30,
      async () => gzipSync(readFileSync(join(installed.package, "dist/worker/entry.cjs"))),
    ],
    ["a page", 150, async () => gzipSync(await pageBundle())],
  ])("keeps within its budget: %s", async (_what, kilobytes, bytes) => {
    const { length } = await bytes();
    expect(length / 1000).toBeLessThan(kilobytes);
    expect(length / 1000).toBeGreaterThan(kilobytes / 2);
  });

  test("is not published with placeholders for addresses", async () => {
    const script = join(installed.root, "scripts/assert-publishable.js");
    const addressed = (host: string) => ({
      homepage: `https://${host}/a#readme`,
      repository: { url: `git+https://${host}/a.git` },
      bugs: { url: `https://${host}/a/issues` },
    });
    const folder = mkdtempSync(join(installed.run, "published-"));
    for (const [host, code] of [
      ["example.invalid", 1],
      ["github.com", 0],
    ] as const) {
      writeFileSync(join(folder, "package.json"), JSON.stringify(addressed(host)));
      expect((await runNode([script], { cwd: folder })).code, host).toBe(code);
    }
  });

  test("is fine with publint", async () => {
    const data = readFileSync(installed.tarball);
    const tarball = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    const { messages } = await publint({ pack: { tarball }, strict: true });
    // What does not know `exports`, such as Parcel as it comes, finds the build for browsers by the field "browser".
    expect(messages.filter(({ code }) => code !== "USE_EXPORTS_BROWSER")).toEqual([]);
  });

  test("is fine with @arethetypeswrong", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(readFileSync(installed.tarball)));
    expect(analysis.types).toMatchObject({ kind: "included" });
    if (analysis.types === false) throw new Error("no types");
    const { problems } = analysis as {
      problems: readonly {
        readonly kind: string;
        readonly resolutionKind?: string;
        readonly entrypoint?: string;
      }[];
    };
    const real = problems.filter(({ kind, resolutionKind, entrypoint }) => {
      // What does not know `exports` ("node10", which needs no Node 20) does not find `sharray/trace`.
      if (kind === "NoResolution") return resolutionKind !== "node10";
      // Workers of browsers are modules.
      return kind !== "CJSResolvesToESM" || entrypoint !== "./worker";
    });
    expect(real).toEqual([]);
  });
});

describe("a user's TypeScript project compiles", () => {
  const strict = { strict: true, module: "nodenext", target: "es2022", skipLibCheck: false, noEmit: true };

  test.each([
    ["without @types/node", { ...strict, types: [], lib: ["es2022", "dom"] }],
    [
      "with @types/node and without dom",
      {
        ...strict,
        types: ["node"],
        typeRoots: [join(installed.root, "node_modules/@types")],
        lib: ["es2022"],
      },
    ],
    [
      "as strictly as can be",
      {
        ...strict,
        types: [],
        lib: ["esnext", "dom"],
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noPropertyAccessFromIndexSignature: true,
        verbatimModuleSyntax: true,
        isolatedModules: true,
      },
    ],
    [
      "for a bundler",
      { ...strict, module: "esnext", moduleResolution: "bundler", types: [], lib: ["esnext", "dom"] },
    ],
    ["with Float16Array", { ...strict, types: [], lib: ["esnext", "dom"] }, "float16.ts"],
  ])("%s", async (_name, compilerOptions, file = "consumer.ts") => {
    const directory = mkdtempSync(join(installed.project, "consumer-"));
    const configuration = join(directory, "tsconfig.json");
    writeFileSync(configuration, JSON.stringify({ compilerOptions, files: [program(file)] }));
    const tsc = join(installed.root, "node_modules/typescript/bin/tsc");
    const { code, stdout } = await runNode([tsc, "-p", configuration]);
    expect([stdout, code]).toEqual(["", 0]);
  });
});

describe("every public call", () => {
  // The floor, under which Vitest itself does not run, and the first one with Float16Array.
  const versions = ["20.9.0", "24"] as const;
  const nodes = new Map<string, string>();
  beforeAll(() => {
    for (const version of versions) nodes.set(version, nodeOf(version));
  }, 180_000);

  test.each(versions)(
    "gives the same on threads and sequentially, under this Node and under Node %s",
    async (version) => {
      const smoke = async (node: string): Promise<string[]> => {
        const { code, stdout, stderr } = await runNode([program("smoke.mjs")], { node });
        expect([code, stderr]).toEqual([0, ""]);
        return stdout.trim().split("\n");
      };
      const here = await smoke(process.execPath);
      const node = nodes.get(version) as string;
      const there = await smoke(node);
      expect(here).toHaveLength(3);
      expect(here[0]).toContain('"list":[');
      expect(here[1]).toBe(here[0]);
      expect(here[2]).toBe("ok");
      expect(there).toEqual(here);
      const { stdout } = await runNode(["--version"], { node });
      expect(stdout.startsWith(`v${version}`)).toBe(true);
    },
  );

  /** This Node if it has it, else one that does. */
  const nodeWith = (has: boolean): string => (has ? process.execPath : (nodes.get("24") as string));

  test("knows Float16Array if the runtime has it", async () => {
    const node = nodeWith("Float16Array" in globalThis);
    const { code, stdout } = await runNode(["--no-warnings", program("float16.ts")], { node });
    expect([code, stdout]).toEqual([
      0,
      "[ 1.5, -0 ] Float16Array(3) [ 3, 4.5, -0 ] [ 1.5, 2.25, -0 ] function true -0\n",
    ]);
  });

  test.each(["threads", "sequential"])(
    "runs kernels of .ts modules without a loader: %s",
    async (strategy) => {
      const node = nodeWith("typescript" in process.features);
      const { code, stdout, stderr } = await runNode([program("stripped.mjs"), strategy], { node });
      expect([code, stdout, stderr]).toEqual([0, '{"fromModule":[[2,4],[6]],"inline":[3,6]}\n', ""]);
    },
  );

  test("knows no other way in than the package's name", async () => {
    const imports = (specifier: string) =>
      `await import(${JSON.stringify(specifier)}).then(() => "in", (e) => e.code)`;
    const code = `console.log(${imports("sharray")}, ${imports("sharray/dist/executor.js")})`;
    const { stdout } = await runNode(["--input-type=module", "-e", code]);
    expect(stdout).toBe("in ERR_PACKAGE_PATH_NOT_EXPORTED\n");
    const require = createRequire(join(installed.project, "package.json"));
    expect(require("sharray/package.json")).toMatchObject({ name: "sharray", type: "module" });
  });
});

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** What a module imports, statically or by an `import()` of a plain string. */
function importsOf(source: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { source } = value as { source?: { type?: string; value?: unknown } };
    if (source?.type === "Literal" && typeof source.value === "string") found.push(source.value);
    for (const child of Object.values(value)) visit(child);
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module" }));
  return found;
}
