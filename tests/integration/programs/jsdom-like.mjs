/** Loads the package for browsers as Jest does under jsdom: in a context that has timers, a clock, and little else of a page. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, SourceTextModule } from "node:vm";
import { tell } from "./support.mjs";

const { setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask, AbortSignal, DOMException } =
  globalThis;
const page = {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  queueMicrotask,
  AbortSignal,
  DOMException,
};
const context = createContext({
  ...page,
  performance: { now: () => performance.now(), timeOrigin: 0 },
  navigator: {},
});
const modules = new Map();
const load = (url) => {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const module = new SourceTextModule(readFileSync(fileURLToPath(url), "utf8"), {
    context,
    identifier: url,
    initializeImportMeta: (meta) => Object.assign(meta, { url }),
  });
  modules.set(url, module);
  return module;
};
const entry = load(new URL("browser/index.js", import.meta.resolve("sharray")).href);
await entry.link((specifier, { identifier }) => load(new URL(specifier, identifier).href));
await entry.evaluate();
const { ParallelExecutor } = entry.namespace;
const seen = {};
for (const strategy of ["auto", "sequential"]) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  const text = "long enough to be encoded by an encoder: äöü €".repeat(20);
  seen[strategy] = [
    await executor.map([1, 2, 3], (x) => 2 * x),
    await executor.map([{ text }], ({ text }, _, { args }) => text === args, { args: text }),
    await executor.mapShared(Float64Array.of(1, 2), (view) => ({ first: view[0] })),
  ];
  await executor.shutdown();
}
tell(seen);
