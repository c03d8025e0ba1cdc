/**
 * Makes of the sources what Node gets: the caller's side in few files, parts of which are loaded at first need, and the worker's
 * entry in one, packages included, as finding and loading modules one by one is most of the start of either. Bundlers get the
 * caller's side without parts, as they can't follow how those are loaded.
 */
import { resolve } from "node:path";
import { build } from "esbuild";
import { buildCaller } from "./caller.js";
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
const modules = { ...options, format: "esm", external: ["@opentelemetry/api"] };
const inject = ["src/platform/text-coders.ts"];
writeLicenses("dist", await buildCaller({ ...modules, ...short, inject }, "dist"));

const whole = await build({
  ...modules,
  external: [...modules.external, "@msgpack/msgpack", "acorn", "comlink", "eslint-scope"],
  splitting: true,
  entryPoints: {
    index: "src/index.ts",
    bridge: "src/bridge/index.ts",
    otel: "src/telemetry/otel.ts",
    trace: "src/telemetry/trace.ts",
  },
  outdir: "dist/bundler",
});
writeLicenses("dist/bundler", [whole.metafile]);

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
