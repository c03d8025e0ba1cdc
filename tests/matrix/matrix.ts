/**
 * The unit and integration tests under each version of Node that the package is for: `npm run test:matrix`, or
 * `npm run test:matrix -- 22 26` for some. The package is packed and installed once. Vitest and all programs that the
 * tests start run under the version in question. Ends with a table, and with code 1 where anything failed.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import install from "../integration/install.js";
import { installed } from "../integration/installed.js";
import { nodeOf } from "./node.js";
import { type Outcome, outcomeOf, tableOf, type VitestReport } from "./outcome.js";

// The major version of the floor, and the even ones since, which are those with long support.
const VERSIONS = ["20", "22", "24", "26"];

async function runUnder(node: string): Promise<Outcome> {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  console.log(`\nNode ${version}`);
  const file = join(installed.run, `report-${version}.json`);
  const vitest = join(installed.root, "node_modules/vitest/vitest.mjs");
  const projects = ["--project", "unit", "--project", "integration"];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const started = performance.now();
  const child = spawn(node, [vitest, "run", ...projects, ...reporters], {
    cwd: installed.root,
    stdio: "inherit",
    // Programs that look for "node" find this one.
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env["PATH"]}` },
  });
  const [code] = (await once(child, "close")) as [number | null];
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as VitestReport) : undefined;
  return outcomeOf(version, code, report, (performance.now() - started) / 1000);
}

const { positionals } = parseArgs({ allowPositionals: true });
const nodes = (positionals.length > 0 ? positionals : VERSIONS).map(nodeOf);
const remove = install();
try {
  const outcomes: Outcome[] = [];
  for (const node of nodes) outcomes.push(await runUnder(node));
  console.log(`\n${tableOf(outcomes)}`);
  if (outcomes.some(({ failed }) => failed > 0)) process.exitCode = 1;
} finally {
  remove();
}
