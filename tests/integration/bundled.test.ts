/** Programs that esbuild has packed into one file, sharray with them. tests/toolchains has the other bundlers. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

const CODE = `
  import { ParallelExecutor } from "sharray";
  const run = async (strategy) => {
    const reasons = [];
    const telemetry = (event, { reason }) => event === "parallel_fallback" && reasons.push(reason);
    const executor = new ParallelExecutor({ strategy, maxWorkers: 2, telemetry });
    const sums = await executor.mapShared(Float64Array.of(1, 2, 3, 4), (x) => x[0] + x[1], { chunkSize: 2 });
    await executor.shutdown();
    return { sums, reasons };
  };
  run(process.argv[2]).then((told) => console.log(JSON.stringify(told)));
`;

/** @returns the bundle's file; far from the package, unless the options say where */
async function bundle(name: string, options: BuildOptions): Promise<string> {
  const folder = join(installed.run, "bundled", name);
  mkdirSync(folder, { recursive: true });
  const { outfile = join(folder, options.format === "cjs" ? "main.cjs" : "main.mjs") } = options;
  const stdin = { contents: CODE, resolveDir: installed.project };
  const defaults = { stdin, bundle: true, platform: "node", logLevel: "silent" } as const;
  const { warnings } = await build({ ...defaults, ...options, outfile });
  // That CommonJS has no address.
  expect(warnings.filter(({ id }) => id !== "empty-import-meta")).toEqual([]);
  return outfile;
}

describe.each(["esm", "cjs"] as const)("esbuild, %s", (format) => {
  let file: string;
  beforeAll(async () => {
    file = await bundle(format, { format, minify: true });
  });

  test.each(["threads", "processes"])("starts workers from the bundle alone: %s", async (strategy) => {
    const { code, stdout, stderr } = await runNode([file, strategy], { cwd: installed.run });
    expect([code, stderr, JSON.parse(stdout)]).toEqual([0, "", { sums: [3, 7], reasons: [] }]);
  });
});

// As `bun build`, `deno bundle`, ncc and esbuild with conditions of the user's resolve packages.
describe.each(["esm", "cjs"] as const)(
  'a bundler that does not know the condition "module", %s',
  (format) => {
    let file: string;
    beforeAll(async () => {
      file = await bundle(`unconditional-${format}`, { format, conditions: [] });
    });

    test.each(["threads", "processes"])(
      "leaves files behind, and workers start from their texts: %s",
      async (strategy) => {
        const { code, stdout, stderr } = await runNode([file, strategy], { cwd: installed.run });
        expect([code, stderr, JSON.parse(stdout)]).toEqual([0, "", { sums: [3, 7], reasons: [] }]);
      },
    );
  },
);

test("a bundle for browsers that Node runs says so, and runs on one thread", async () => {
  const file = await bundle("for-browsers", { format: "esm", platform: "browser" });
  const { code, stdout, stderr } = await runNode([file, "auto"], { cwd: installed.run });
  expect([code, JSON.parse(stdout).sums]).toEqual([0, [3, 7]]);
  expect(stderr).toContain("this is sharray's build for browsers, and Node runs it. Bundle for Node");
});

test("kernels that were compiled for older targets take the compiler's helpers along", async () => {
  const kernels = `
    import { ParallelExecutor } from "sharray";
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    const item = { a: 1, b: 2, c: 3 };
    const calls = [
      executor.map([item], (item) => { const { a, ...others } = item; return others.b + others.c; }),
      executor.map([item], (item) => { const o = { ...item, d: 4 }; return [...Object.keys(o), ..."xy"].length; }),
      executor.map([item], async (item) => { await null; return item.a; }),
      executor.map([item], (item) => { class P { x = 1; #y = 2; static z = 3; sum() { return this.x + this.#y + P.z; } } return new P().sum() + item.a; }),
    ];
    Promise.all(calls).then((told) => { console.log(JSON.stringify(told)); return executor.shutdown(); });
  `;
  const file = await bundle("es2015", {
    format: "esm",
    target: "es2015",
    stdin: { contents: kernels, resolveDir: installed.project },
    external: ["sharray"],
    outfile: join(installed.project, "es2015.mjs"),
  });
  const { code, stdout, stderr } = await runNode([file]);
  expect([code, stderr, stdout]).toEqual([0, "", "[[5],[6],[1],[7]]\n"]);
});
