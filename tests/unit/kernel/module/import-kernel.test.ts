import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { importKernel } from "../../../../src/kernel/module/import-kernel.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sharray-unit-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return pathToFileURL(path).href;
}

it("a kernel is imported by the name of its export", async () => {
  const url = write("good.mjs", "export const twice = (x) => 2 * x; export const other = 1;");
  const kernel = (await importKernel(url, "twice")) as (x: number) => number;
  expect(kernel(4)).toBe(8);
});

it("the error of a missing export says what the module exports instead", async () => {
  const url = write("other.mjs", "export const rms = () => 0; export const mean = 5;");
  const { message } = (await importKernel(url, "mean").catch((thrown: Error) => thrown)) as Error;
  expect(message).toContain(
    `Cannot load kernel "mean" as module ${url} must export a function of that name: it exports `,
  );
  // Node sorts the names, Vitest does not.
  expect(message).toMatch(/ (mean, rms|rms, mean)$/);
  await expect(importKernel(write("none.mjs", "export {};"), "k")).rejects.toThrow(/it exports nothing$/);
});

it("the error of a module that does not load says why", async () => {
  const url = write("broken.mjs", 'throw new RangeError("at load");');
  const error = await importKernel(url, "k").catch((thrown: Error) => thrown);
  expect(error).toMatchObject({
    message: `Cannot load kernel "k" as its module ${url} does not load in a worker`,
    cause: { name: "RangeError", message: "at load" },
  });
  const missing = pathToFileURL(join(folder, "missing.mjs")).href;
  await expect(importKernel(missing, "k")).rejects.toThrow(/does not load in a worker$/);
});
