/** Errors of kernels lead to the line of the user's file and to the call, whatever runs the program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { KernelError, ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { program, runNode } from "./run.js";

interface Told {
  readonly inPlace: readonly string[];
  readonly cause: readonly string[];
  readonly site: string;
}

const folder = mkdtempSync(join(installed.project, "stacks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const source = readFileSync(program("stacks.ts"), "utf8");

/** Where a frame is. */
function placeOf(frame: string | undefined): string {
  return (
    /((?:file:)?\/[^\s()]+:\d+:\d+)\)?$/.exec(frame ?? "")?.[1]?.replace(/^file:\/\//, "") ??
    `nowhere in ${frame}`
  );
}

function lineOf(frame: string): string {
  return placeOf(frame).replace(/:\d+$/, "");
}

function built(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}

async function run(
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, Told>> {
  const { code, stdout, stderr } = await runNode(parameters, { env });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, Told>;
}

function check(told: Record<string, Told>, file: string): void {
  expect(Object.keys(told)).toHaveLength(8);
  for (const [name, { inPlace, cause, site }] of Object.entries(told)) {
    // The kernel, and for the captured one the function that it called.
    const depth = name.endsWith("captured") ? 2 : 1;
    expect(placeOf(inPlace[0]), name).toContain(file);
    expect(cause.slice(0, depth).map(placeOf), name).toEqual(inPlace.slice(0, depth).map(placeOf));
    expect(cause.map(lineOf).slice(depth), name).toContain(lineOf(site));
    expect(cause.join("\n"), name).not.toMatch(/sharray-kernel|sharray\/dist/);
  }
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const strips = major > 22 || (major === 22 && minor >= 7);

describe("the stack of what a kernel throws leads to its file and to the call", () => {
  test("under plain Node", async () => {
    const { code } = transformSync(source, { loader: "ts", target: "node20" });
    check(await run([built("plain.mjs", code)]), "plain.mjs");
  });

  test("in CommonJS", async () => {
    const { code } = transformSync(
      `void (async () => {${source.replace(/^import \{([^}]*)\} from "sharray";$/m, "const {$1} = await import('sharray');").replaceAll("ParallelExecutor,", "InstanceType<typeof ParallelExecutor>,")}})();`,
      { loader: "ts", target: "node20", format: "cjs" },
    );
    check(await run([built("common.cjs", code)]), "common.cjs");
  });

  test("under tsx", async () => {
    const tsx = join(installed.root, "node_modules/tsx/dist/loader.mjs");
    check(await run(["--import", tsx, built("under-tsx.ts", source)]), "under-tsx.ts");
  });

  test("with source maps", async () => {
    const { code } = transformSync(source, {
      loader: "ts",
      target: "node20",
      minify: true,
      sourcemap: "inline",
      sourcefile: "mapped.ts",
    });
    built("mapped.ts", source);
    check(await run(["--enable-source-maps", built("mapped.mjs", code)]), "mapped.ts");
  });

  test.skipIf(!strips)("under Node's type stripping", async () => {
    check(await run(["--experimental-strip-types", built("stripped.ts", source)]), "stripped.ts");
  });

  test.each(["sequential", "threads"] as const)("under Vitest, on %s", async (strategy) => {
    const executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
    const limit = 1;
    const checked = (x: number): number => {
      if (x > limit) throw new RangeError("too many");
      return x;
    };
    const kernel = (x: number): number => 1 + checked(x);
    const framesOf = (error: unknown) =>
      String((error as Error).stack)
        .split("\n")
        .filter((line) => /^\s+at /.test(line));
    let inPlace: string[] = [];
    try {
      kernel(2);
    } catch (error) {
      inPlace = framesOf(error);
    }
    let site = "";
    const noted = <T>(value: T): T => {
      site = framesOf(new Error("here"))[1] as string;
      return value;
    };
    const error = await executor.map([1, 2], noted(kernel)).catch((error: unknown) => error);
    await executor.shutdown();
    expect(error).toBeInstanceOf(KernelError);
    const cause = framesOf((error as KernelError).cause);
    expect(placeOf(inPlace[0])).toContain("stacks.test.ts");
    expect(cause.slice(0, 2).map(placeOf)).toEqual(inPlace.slice(0, 2).map(placeOf));
    expect(placeOf(site)).toContain("stacks.test.ts");
    expect(lineOf(cause[2] as string)).toBe(lineOf(site));
  });
});
