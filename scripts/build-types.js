/** Keeps of the declarations what the package's entries need, and writes those of CommonJS beside them. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

const ENTRIES = [
  "index.d.ts",
  "bridge/index.d.ts",
  "cluster/index.d.ts",
  "telemetry/otel.d.ts",
  "telemetry/trace.d.ts",
];
/** Of the entry for workers in browsers, and what benchmarks take. They import nothing. */
const OTHERS = ["strategies/threads/worker/entry.d.ts", "platform/optimizations.d.ts"];
const IMPORT = /(\bfrom |\bimport\()"(\.[^"]+)\.js"/g;

const needed = new Set(ENTRIES);
for (const file of needed) {
  const text = readFileSync(join("dist", file), "utf8");
  for (const [, , path] of text.matchAll(IMPORT)) {
    const imported = posix.join(posix.dirname(file), `${path}.d.ts`);
    if (!existsSync(join("dist", imported))) throw new Error(`${file} imports ${path}, which has no types`);
    needed.add(imported);
  }
  writeFileSync(join("dist", file.replace(/\.d\.ts$/, ".d.cts")), text.replace(IMPORT, '$1"$2.cjs"'));
}
for (const name of readdirSync("dist", { recursive: true })) {
  if (name.endsWith(".d.ts") && !isNeeded(name.replaceAll("\\", "/"))) rmSync(join("dist", name));
}

function isNeeded(file) {
  return needed.has(file) || OTHERS.includes(file);
}
