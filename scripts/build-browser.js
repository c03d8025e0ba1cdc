/**
 * Makes dist/browser of dist: what bundlers get for browsers, packages included, and the worker's entry beside it. Where
 * there is an `x.browser.js`, it stands in for the `x.js` beside it.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { threadsJs } from "./threads-js.js";

const twins = {
  name: "twins",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      const twin = join(resolveDir, path.replace(/\.js$/, ".browser.js"));
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
  outdir: "dist/browser",
  external: ["@opentelemetry/api"],
  plugins: [twins, threadsJs({ path: resolve("dist/platform/builtins.browser.js") })],
};

await build({
  ...options,
  inject: ["dist/platform/text-coders.browser.js"],
  entryPoints: {
    index: "dist/index.js",
    bridge: "dist/bridge/index.js",
    otel: "dist/telemetry/otel.js",
    trace: "dist/telemetry/trace.js",
  },
  splitting: true,
});
await build({
  ...options,
  entryPoints: { worker: "dist/worker/entry.browser.js" },
  inject: ["dist/worker/primordials.js"],
  // It imports and exports nothing, and is a module nevertheless.
  footer: { js: "export {};" },
});
