/** The command that comes with the package. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Diagnosis } from "../../cli/doctor.js";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

const command = join(installed.package, "dist/cli.js");

test("sharray doctor tells what there is, and how each strategy does", async () => {
  const { code, stdout, stderr } = await runNode([command, "doctor"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const line of ["runtime", "cores", "memory", "isolation", "WebAssembly", "sequential", "threads"]) {
    expect(stdout).toMatch(new RegExp(`^${line} +\\S`, "m"));
  }
  expect(stdout).toMatch(/^spawn +[\d.]+ ms$/m);
});

test("sharray doctor --json", async () => {
  const { code, stdout } = await runNode([command, "doctor", "--json"]);
  const found = JSON.parse(stdout) as Diagnosis;
  expect(code).toBe(0);
  expect(found.runtime).toMatchObject({ name: "Node", version: process.versions.node });
  expect(found.cores.usable).toBeGreaterThanOrEqual(1);
  expect(found.isolation).toEqual({ sharedMemory: true, eval: true });
  expect(found.webAssembly).toMatchObject({ simd: true, threads: true });
  const names = found.strategies.map(({ strategy }) => strategy);
  expect(names).toEqual(expect.arrayContaining(["sequential", "threads"]));
  for (const { ok, milliseconds } of found.strategies) expect([ok, milliseconds! > 0]).toEqual([true, true]);
});

test("says what is wrong, what to do, and ends with code 1 if a strategy does not run", async () => {
  const { code, stdout } = await runNode(["--disallow-code-generation-from-strings", command, "doctor"]);
  expect(code).toBe(1);
  expect(stdout).toContain("compiling text no");
  expect(stdout).toContain("- Text may not be compiled: inline kernels can't run. Use defineKernel");
  expect(stdout).toContain('- The strategy "threads" does not run:');
});

test("knows no other command", async () => {
  const { code, stdout, stderr } = await runNode([command, "nurse"]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("Usage: sharray doctor [--json]");
});
