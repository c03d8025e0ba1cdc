/**
 * Builds the package for Node from the sources. The caller's side is in few files, parts of which are loaded at first need. The
 * worker's entry is one file, packages included. Finding and loading modules one by one would be most of the start of either.
 * Bundlers get the caller's side without parts, as they can't follow how those are loaded.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";
import { buildCaller } from "./caller.js";
import { writeCommonJs } from "./common-js.js";
import { leaveImport } from "./leave-import.js";
import { writeLicenses } from "./licenses.js";
import { threadsJs } from "./threads-js.js";

const options = {
  bundle: true,
  platform: "node",
  target: "node20.9",
  mainFields: ["module", "main"],
  logLevel: "warning",
  metafile: true,
  plugins: [threadsJs({ path: resolve("src/platform/builtins.ts") })],
};
/** Names stay, for stack traces. */
const short = { minifyWhitespace: true, minifySyntax: true, lineLimit: 160 };
const inject = ["src/platform/text-coders.ts"];
/** The worker's entry is CommonJS, which has a `require`: loading node:module for one takes 0.5 ms. */
const ownRequire = {
  name: "own require",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]built-in-module\.ts$/ }, () => ({
      contents: "export const builtInModule = require;",
    }));
  },
};
const inWorkers = {
  ...options,
  plugins: [...options.plugins, ownRequire],
  ...short,
  minifyIdentifiers: true,
  format: "cjs",
  inject: ["src/strategies/threads/worker/primordials.ts"],
};
const worker = await build({
  ...inWorkers,
  entryPoints: ["src/strategies/threads/worker/entry.ts"],
  outfile: "dist/worker/entry.cjs",
});
const child = await build({
  ...inWorkers,
  entryPoints: ["src/strategies/processes/child/entry.ts"],
  outfile: "dist/worker/child.cjs",
});
writeLicenses("dist/worker", [worker.metafile, child.metafile]);

/** Texts of the scripts, for tools that leave the files behind. */
const scriptTexts = {
  name: "texts of scripts",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]platform[\\/]script-texts\.ts$/ }, () => {
      const textOf = (name) => JSON.stringify(readFileSync(`dist/worker/${name}.cjs`, "utf8"));
      return {
        contents: `export const WORKER_TEXT = ${textOf("entry")}; export const CHILD_TEXT = ${textOf("child")};`,
      };
    });
  },
};
const modules = {
  ...options,
  plugins: [...options.plugins, scriptTexts],
  format: "esm",
  external: ["@opentelemetry/api", "bullmq", "ioredis", "pg"],
};
const caller = await buildCaller({ ...modules, ...short, inject }, "dist");
writeLicenses("dist", [...caller.metafiles, worker.metafile, child.metafile]);
await writeCommonJs("dist", caller.files);

/** Rollup makes one file only of modules that import nothing later. */
const atOnce = {
  name: "at once",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const imports = [];
      const contents = text.replace(/(?<!typeof )\bimport\("(\.[^"]+)"\)/g, (_, module) => {
        imports.push(`import * as later${imports.length} from "${module}";`);
        return `Promise.resolve(later${imports.length - 1})`;
      });
      return imports.length === 0 ? undefined : { contents: imports.join("") + contents, loader: "ts" };
    });
  },
};
const whole = await build({
  ...modules,
  ...short,
  plugins: [...modules.plugins, atOnce],
  // Not all that bundlers make has it.
  define: { "import.meta.url": "undefined" },
  splitting: true,
  entryPoints: {
    index: "src/index.ts",
    bridge: "src/bridge/index.ts",
    cluster: "src/cluster/index.ts",
    otel: "src/telemetry/otel.ts",
    trace: "src/telemetry/trace.ts",
  },
  outdir: "dist/bundler",
});
leaveImport(["dist/core.js", "dist/core.cjs", ...Object.keys(whole.metafile.outputs)], 3);
writeLicenses("dist/bundler", [whole.metafile, worker.metafile, child.metafile]);

/** The command uses the package as any program does. Its kernel, and what needs optional peers, are files of their own. */
const asPrograms = {
  name: "as programs",
  setup({ onResolve }) {
    onResolve({ filter: /^sharray$/ }, () => ({ path: "../index.js", external: true }));
    onResolve({ filter: /^sharray\/cluster$/ }, () => ({ path: "../cluster/index.js", external: true }));
    onResolve({ filter: /^\.\/(kernel|cluster)\.js$/ }, ({ path }) => ({ path, external: true }));
  },
};
await build({
  ...options,
  format: "esm",
  metafile: false,
  plugins: [asPrograms],
  entryPoints: ["cli/sharray.ts", "cli/kernel.ts", "cli/cluster.ts"],
  outdir: "dist/cli",
});
