/**
 * Closures that people, minifiers and compilers write: `strange-closures.txt` has the body of a function that returns each. Each gives
 * what it gives in its place, or is refused by the path that follows its name, before anything runs. Where a name is followed by
 * `TypeError`, its text can't run alone.
 */
import { readFileSync } from "node:fs";
import Module from "node:module";
import { isDeepStrictEqual } from "node:util";
import vm from "node:vm";
import { KernelCaptureError, ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

/** A function that is not strict. */
const sloppy = (body) => new Function(body)();

/** What a file of CommonJS exports. */
function common(body) {
  const module = new Module("common");
  module._compile(body, new URL("common.cjs", import.meta.url).pathname);
  return module.exports;
}

const texts = readFileSync(new URL("strange-closures.txt", import.meta.url), "utf8");
const closures = texts
  .split(/^# /m)
  .slice(1)
  .map((entry) => {
    const [head, ...lines] = entry.split("\n");
    const [name, path] = head.split(" -> ");
    const body = lines.join("\n");
    const kernel = new Function("vm", "common", "sloppy", `"use strict";${body}`)(vm, common, sloppy);
    return { name, path, kernel };
  });

const wrong = [];
for (const strategy of process.argv.slice(2)) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
  for (const { name, path, kernel } of closures) {
    const { submitted } = executor.metrics.snapshot();
    const seen = await executor.map([1, 2], kernel).catch((error) => error);
    if (path !== undefined) {
      const isNamed =
        seen instanceof KernelCaptureError ? seen.variables.join() === path : path === seen?.name;
      const hasRun = executor.metrics.snapshot().submitted !== submitted;
      if (!isNamed || hasRun) wrong.push({ strategy, name, path, seen: String(seen) });
      continue;
    }
    const expected = structuredClone(await Promise.all([1, 2].map((x) => kernel(x, {}, { args: {} }))));
    if (!isDeepStrictEqual(seen, expected))
      wrong.push({ strategy, name, expected: String(expected), seen: String(seen) });
  }
  await executor.shutdown();
}
tell({ tried: closures.length, wrong });
