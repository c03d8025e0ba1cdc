/** Whole programs, as a user would write them: each is a process that begins, makes one call at most, and ends. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contestant, Field } from "../harness/contestant.js";

const LIBRARY = fileURLToPath(new URL("../../../", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

const check = (results: string): string =>
  `if (${results}.join() !== "2,4") throw new Error("Wrong results");`;

const sharray = (options: string): string => `
  import { ParallelExecutor } from "sharray";
  const executor = new ParallelExecutor(${options});
  const doubled = await executor.map([1, 2], (x) => 2 * x);
  ${check("doubled")}
  await executor.shutdown();`;

const PROGRAMS = {
  "empty process": "",
  "import sharray": `import "sharray";`,
  "sharray, sequential": sharray('{ strategy: "sequential" }'),
  "sharray, threads": sharray('{ strategy: "threads", maxWorkers: 2 }'),
  piscina: `
    import { Piscina } from "piscina";
    const filename = new URL("piscina-task.cjs", import.meta.url).href;
    const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
    const doubled = await Promise.all([pool.run(1), pool.run(2)]);
    ${check("doubled")}
    await pool.destroy();`,
  workerpool: `
    import { pool as create } from "workerpool";
    const pool = create({ workerType: "thread", maxWorkers: 2 });
    const twice = (x) => 2 * x;
    const doubled = await Promise.all([pool.exec(twice, [1]), pool.exec(twice, [2])]);
    ${check("doubled")}
    await pool.terminate();`,
} as const;
export type Program = keyof typeof PROGRAMS;

export const PEERS = ["piscina", "workerpool"] as const;

/** Whether the packages of the peers are there: `npm ci` in this folder installs them. */
export function hasPeers(): boolean {
  return PEERS.every((name) => existsSync(join(MODULES, name)));
}

/** A project with the programs, of which each turn starts one anew. */
export function openPrograms(programs: readonly Program[]): Field {
  const project = mkdtempSync(join(tmpdir(), "sharray-programs-"));
  mkdirSync(join(project, "node_modules"));
  symlinkSync(LIBRARY, join(project, "node_modules/sharray"), "dir");
  for (const name of hasPeers() ? PEERS : []) {
    symlinkSync(join(MODULES, name), join(project, "node_modules", name), "dir");
  }
  writeFileSync(join(project, "piscina-task.cjs"), "module.exports = (x) => 2 * x;");
  const contestants = programs.map((name): Contestant => {
    const file = join(project, `${name.replaceAll(/\W+/g, "-")}.mjs`);
    writeFileSync(file, PROGRAMS[name]);
    return { name, time: async () => run(file) };
  });
  return { contestants, close: async () => rmSync(project, { recursive: true }) };
}

/** @returns milliseconds until the process has ended @throws Error if it fails */
function run(file: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  const ms = performance.now() - started;
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return ms;
}
