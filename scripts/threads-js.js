/**
 * What the bundles take of threads.js. Loaded whole, it asks `eval` for `require`, which
 * --disallow-code-generation-from-strings forbids; it sets `globalThis.self`; and it listens for SIGINT and SIGTERM, to exit
 * with code 0.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const home = dirname(createRequire(import.meta.url).resolve("threads"));
const modules = join(home, "../dist-esm");

/** @param builtins where platform/builtins.js is, as esbuild's plugins tell it */
export const threadsJs = (builtins) => ({
  name: "threads.js",
  setup({ onResolve, onLoad }) {
    // On the calling thread: no Worker class, which does most of that.
    onResolve({ filter: /^threads$/ }, () => ({ path: "threads", namespace: "threads-js" }));
    onLoad({ filter: /.*/, namespace: "threads-js" }, () => ({
      contents: `export { spawn } from "./master/spawn.js"; export { Thread } from "./master/thread.js";`,
      resolveDir: modules,
    }));
    // It tells `DEBUG=threads:*` of each message, and needs modules of Node for that.
    onResolve({ filter: /^debug$/ }, () => ({ path: "debug", namespace: "no-debug" }));
    onLoad({ filter: /.*/, namespace: "no-debug" }, () => ({ contents: "export default () => () => {};" }));
    // Its time-outs are to be real ones while a test fakes timers.
    onLoad({ filter: /[\\/]master[\\/]spawn\.js$/ }, ({ path }) => ({
      contents: `import { clearTimeout, setTimeout } from "builtins";${readFileSync(path, "utf8")}`,
    }));
    onResolve({ filter: /^builtins$/ }, () => builtins);
    // In a worker of Node.
    onLoad({ filter: /[\\/]threads[\\/]dist(-esm)?[\\/]worker_threads\.js$/ }, ({ path }) => ({
      contents: replaced(path, 'eval("require")', "require"),
    }));
    onLoad({ filter: /[\\/]implementation\.tiny-worker\.js$/ }, () => ({ contents: "" }));
  },
});

function replaced(path, before, after) {
  const text = readFileSync(path, "utf8");
  if (!text.includes(before))
    throw new Error(`${path} is no longer as this script takes it: ${before} is missing`);
  return text.replaceAll(before, after);
}
