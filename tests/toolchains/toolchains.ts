/**
 * The package in each tool chain that users have: `npm run test:toolchains`, or `npm run test:toolchains -- bun rollup-node` for
 * some, `-- --quick` for those that take seconds. The package is packed once. Each project beside this file is copied out of the
 * repository, gets that file installed, is built and run. Writes docs/toolchains.md, and ends with code 1 if one failed.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findChromium } from "../browser/found.js";
import { type Chain, type Row, readChain, runChain } from "./chain.js";
import { pageOf, rowName } from "./page.js";

const fileAt = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const results = fileAt("results.json");

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, tarball: { type: "string" } },
});

const chains = readdirSync(fileAt("."))
  .filter((name) => existsSync(fileAt(`${name}/package.json`)))
  .map((name) => readChain(fileAt(name)));
const unknown = positionals.filter((name) => !chains.some((chain) => chain.name === name));
if (unknown.length > 0) throw new Error(`There is no tool chain ${unknown.join(", ")}`);
const isAsked = ({ name, quick }: Chain): boolean =>
  values.quick ? quick : positionals.length === 0 || positionals.includes(name);

const packed = mkdtempSync(join(tmpdir(), "sharray-packed-"));
let failed = 0;
let passed = 0;
try {
  if (values.tarball === undefined)
    execFileSync("npm", ["pack", "--silent", "--pack-destination", packed], { cwd: fileAt("../../") });
  const tarball = values.tarball ?? join(packed, readdirSync(packed)[0] as string);
  // Projects stay between runs, because installing them takes far longer than running them.
  const home = join(tmpdir(), "sharray-toolchains");
  mkdirSync(home, { recursive: true });
  const rows = JSON.parse(readFileSync(results, "utf8")) as Record<string, Row>;
  for (const chain of chains.filter(isAsked)) {
    if (chain.page !== undefined && findChromium() === undefined) {
      console.log(`SKIPPED ${chain.name}: NO CHROMIUM ON THIS MACHINE`);
      continue;
    }
    for await (const { node, row, fault, seconds } of runChain(chain, home, tarball)) {
      rows[rowName(chain.name, node)] = row;
      if (row.passed) passed += 1;
      else failed += 1;
      console.log(`${row.passed ? "passed" : "FAILED"}  ${chain.name} ${node}  ${seconds.toFixed(0)} s`);
      if (fault !== undefined) console.log(fault.replace(/^/gm, "        "));
    }
    if (values.quick) continue;
    writeFileSync(results, `${JSON.stringify(rows, null, 2)}\n`);
    writeFileSync(fileAt("../../docs/toolchains.md"), pageOf(chains, rows));
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
