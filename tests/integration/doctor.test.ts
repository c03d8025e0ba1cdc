/** The command that comes with the package. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Diagnosis } from "../../cli/doctor.js";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

const command = join(installed.package, "dist/cli/sharray.js");

test("sharray doctor tells what there is, and how each strategy does", async () => {
  const { code, stdout, stderr } = await runNode([command, "doctor"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const line of ["runtime", "cores", "memory", "isolation", "WebAssembly", "sequential", "threads"]) {
    expect(stdout).toMatch(new RegExp(`^${line} +\\S`, "m"));
  }
  expect(stdout).toMatch(/^spawn +[\d.]+ ms$/m);
});

test("sharray doctor --json prints what there is as data", async () => {
  const { code, stdout } = await runNode([command, "doctor", "--json"]);
  const found = JSON.parse(stdout) as Diagnosis;
  expect(code).toBe(0);
  expect(found.runtime).toMatchObject({ name: "Node", version: process.versions.node });
  expect(found.cores.usable).toBeGreaterThanOrEqual(1);
  expect(found.isolation).toEqual({ sharedMemory: true, eval: true });
  expect(found.webAssembly).toMatchObject({ simd: true, threads: true });
  const names = found.strategies.map(({ strategy }) => strategy);
  expect(names).toEqual(expect.arrayContaining(["sequential", "threads"]));
  for (const { isHere, ok, milliseconds } of found.strategies) {
    expect([isHere, ok, milliseconds! > 0]).toEqual([true, true, true]);
  }
});

test("sharray doctor says what is wrong and what to do", async () => {
  const { code, stdout } = await runNode(["--disallow-code-generation-from-strings", command, "doctor"]);
  expect(code).toBe(0);
  expect(stdout).toContain("compiling text no");
  expect(stdout).toContain("- Text may not be compiled: inline kernels can't run. Use defineKernel");
});

test("sharray doctor ends with code 1 if a strategy does not run, and says why", async () => {
  const code = `
    import workers from "node:worker_threads";
    import { syncBuiltinESMExports } from "node:module";
    workers.Worker = class extends workers.Worker { constructor() { throw new RangeError("no more threads"); } };
    syncBuiltinESMExports();
    process.argv.push("doctor");
    await import(${JSON.stringify(pathToFileURL(command).href)});
  `;
  const ended = await runNode(["--input-type=module", "-e", code]);
  expect(ended.stdout).toMatch(/^threads +FAILED: .*no more threads$/m);
  expect(ended.stdout).toMatch(
    /^- The strategy "threads" does not run: .*no more threads\. docs\/troubleshooting\.md/m,
  );
  expect(ended.code).toBe(1);
});

test("sharray doctor says what to allow if the permission model forbids workers", async () => {
  const option = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  const { code, stdout } = await runNode(["--no-warnings", option, "--allow-fs-read=*", command, "doctor"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^- The strategy "threads" does not run: .*--allow-worker is for threads/m);
  expect(stdout).not.toContain("..");
});

test("runs without SharedArrayBuffer, on one thread, and says so", async () => {
  const preload = join(installed.run, "without-shared-memory.cjs");
  writeFileSync(preload, "delete globalThis.SharedArrayBuffer;");
  const { code, stdout, stderr } = await runNode(["--require", preload, command, "doctor"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^isolation +shared memory no/m);
  expect(stdout).toMatch(/^sequential +a pass over/m);
  expect(stdout).toMatch(/^threads +not here: .* this runtime has no SharedArrayBuffer/m);
  expect(stdout).toContain("- There is no SharedArrayBuffer: calls run on this thread alone.");
});

test("sharray doctor runs without WebAssembly", async () => {
  const { code, stdout } = await runNode(["--no-expose-wasm", command, "doctor"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^WebAssembly +simd no, threads no/m);
});

test.each([[["nurse"]], [["doctor", "--jsn"]], [["doctor", "twice"]], [[]]])(
  "sharray knows no other command: %j",
  async (given) => {
    const { code, stdout, stderr } = await runNode([command, ...given]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: sharray doctor \[--json\]/);
  },
);
