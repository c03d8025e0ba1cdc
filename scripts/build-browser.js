/**
 * Makes of the sources what bundlers get for browsers, packages included, and the worker's entry beside it. If there is an
 * `x.browser.ts`, it replaces the `x.ts` beside it.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { writeLicenses } from "./licenses.js";
import { threadsJs } from "./threads-js.js";

const twins = {
  name: "twins",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      const twin = join(resolveDir, path.replace(/\.js$/, ".browser.ts"));
      return existsSync(twin) ? { path: twin } : undefined;
    });
  },
};

const options = {
  bundle: true,
  platform: "browser",
  format: "esm",
  target: "es2022",
  logLevel: "warning",
  metafile: true,
  outdir: "dist/browser",
  external: ["@opentelemetry/api"],
  plugins: [twins, threadsJs({ path: resolve("src/platform/builtins.browser.ts") })],
};

const forWorker = {
  ...options,
  entryPoints: { worker: "src/strategies/threads/worker/entry.browser.ts" },
  inject: ["src/strategies/threads/worker/primordials.ts"],
  // It imports and exports nothing, and is a module nevertheless.
  footer: { js: "export {};" },
};
const worker = await build(forWorker);
const { outputFiles } = await build({ ...forWorker, minify: true, write: false });

/** For pages whose bundler leaves the worker's file behind. */
const workerText = {
  name: "worker text",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]worker-text\.browser\.ts$/ }, () => {
      return { contents: `export const WORKER_TEXT = ${JSON.stringify(outputFiles[0].text)};` };
    });
  },
};
const page = await build({
  ...options,
  plugins: [...options.plugins, workerText],
  inject: ["src/platform/text-coders.browser.ts"],
  entryPoints: {
    index: "src/index.ts",
    bridge: "src/bridge/index.ts",
    otel: "src/telemetry/otel.ts",
    trace: "src/telemetry/trace.ts",
  },
  splitting: true,
});
writeLicenses("dist/browser", [page.metafile, worker.metafile]);
