/**
 * Makes two bundles in dist, in which is what they use of packages: the worker's entry, as one file starts sooner than many;
 * and what makes threads of workers, as threads.js can't be loaded whole everywhere (scripts/threads-js.js).
 */
import { build } from "esbuild";
import { threadsJs } from "./threads-js.js";

const plugins = [threadsJs({ path: "../platform/builtins.js", external: true })];
const options = { bundle: true, target: "node20.9", logLevel: "warning", plugins };

await build({
  ...options,
  platform: "node",
  format: "cjs",
  mainFields: ["module", "main"],
  inject: ["dist/worker/primordials.js"],
  entryPoints: ["dist/worker/entry.js"],
  outfile: "dist/worker/entry.cjs",
});
await build({
  ...options,
  platform: "neutral",
  format: "esm",
  mainFields: ["module", "main"],
  entryPoints: ["dist/dispatch/thread-control.js"],
  outfile: "dist/dispatch/thread-control.js",
  allowOverwrite: true,
});
