/** Programs that esbuild has packed into one file, sharray with them. tests/toolchains has the other bundlers. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
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

describe("a CommonJS program in one file, which another script starts", () => {
  const KERNELS = `
    const { defineKernel } = require("sharray");
    exports.triple = defineKernel(__filename, "triple", (x) => 3 * x);
  `;
  const program = (calls: string, exported: string): string => `
    const { isMainThread } = require("node:worker_threads");
    const { ParallelExecutor } = require("sharray");
    const { triple } = require("./kernels.cjs");
    if (!isMainThread) console.log("The program runs in a worker, too");
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    const run = () => executor.map([1, 2], triple)
      .then((values) => console.log(values.join()), ({ message }) => console.log(message))
      .then(() => executor.shutdown());
    ${calls};
    ${exported};
  `;
  const EXPORTS = {
    nothing: "",
    "something else": "exports.server = executor",
    "its kernels": "module.exports = require('./kernels.cjs')",
    "a record of its kernels": "exports.kernels = require('./kernels.cjs')",
  };
  const CALLS = { "while it loads": "run()", "once it is loaded": "setImmediate(run)" };

  async function outputOf(
    calls: keyof typeof CALLS,
    exported: keyof typeof EXPORTS,
    options: BuildOptions = {},
  ): Promise<string> {
    const folder = mkdtempSync(join(installed.project, "one-file-"));
    writeFileSync(join(folder, "kernels.cjs"), KERNELS);
    writeFileSync(join(folder, "start.cjs"), 'require("./bundle.cjs");');
    const stdin = { contents: program(CALLS[calls], EXPORTS[exported]), resolveDir: folder };
    await bundle("one-file", { ...options, format: "cjs", stdin, outfile: join(folder, "bundle.cjs") });
    const { code, stdout, stderr } = await runNode([join(folder, "start.cjs")]);
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  }

  const cases = <T extends keyof typeof EXPORTS>(...exported: T[]) =>
    exported.flatMap((each) =>
      (["while it loads", "once it is loaded"] as const).map((calls) => [each, calls] as const),
    );

  const REFUSED =
    /^Cannot send kernel "triple" to workers .* does not export it, and looks like a program.* second entry.*\n$/;

  test.each(cases("nothing", "something else"))(
    "is imported by no worker, if it exports %s and calls %s",
    async (exported, calls) => {
      expect(await outputOf(calls, exported)).toMatch(REFUSED);
    },
  );

  test("is imported by no worker if it is one statement, which mentions everything", async () => {
    const statement = { banner: { js: "(() => {" }, footer: { js: "})();" } };
    expect(await outputOf("once it is loaded", "something else", statement)).toMatch(REFUSED);
  });

  test.each(cases("its kernels", "a record of its kernels"))(
    "gives workers its kernels, if it exports %s and calls %s",
    async (exported, calls) => {
      const lines = (await outputOf(calls, exported)).trim().split("\n");
      expect(lines.filter((line) => !line.includes("runs in a worker"))).toContain("3,6");
    },
  );
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
