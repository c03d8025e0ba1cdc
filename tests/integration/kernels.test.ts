/** How kernels get from the user's files to the workers. */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { facts, program, runNode } from "./run.js";

describe("module kernels", () => {
  interface Told {
    readonly code?: string;
    readonly message: string;
    readonly cause?: Told;
  }
  interface Seen {
    readonly same: Readonly<Record<string, unknown>>;
    readonly misnamed: { readonly values?: unknown; readonly error?: Told };
    readonly misled: { readonly values?: unknown; readonly error?: Told };
    readonly broken: { readonly values?: unknown; readonly error?: Told };
  }
  let threads: Seen;
  let sequential: Seen;
  beforeAll(async () => {
    threads = await facts<Seen>("module-kernels.mjs", ["threads"]);
    sequential = await facts<Seen>("module-kernels.mjs", ["sequential"]);
  });

  test("use imports and stay ordinary functions", () => {
    const value = (i: number): number => 1 - 2 * (i / 4) + 0.5 * (i / 4) ** 2;
    const values = Array.from({ length: 10 }, (_, i) => value(i));
    expect(threads.same["polynomials"]).toEqual([
      values.slice(0, 3),
      values.slice(3, 6),
      values.slice(6, 9),
      values.slice(9),
    ]);
    expect(threads.same["direct"]).toEqual(values.slice(0, 3));
    expect(threads.same["asynchronous"]).toEqual([3, 5, 7, 9]);
  });

  test("may return arrays that their module keeps, each time whole", () => {
    const table = ["Float64Array", 1000, 0, Math.sqrt(999)];
    expect(threads.same["tables"]).toEqual(new Array(15).fill(table));
    expect(threads.same["parts"]).toEqual(
      [0, 1, 2, 0, 1, 2].map((index) => [index, Math.sqrt(999), 500, Math.sqrt(500), 8000]),
    );
  });

  test("give the same on threads and sequentially", () => {
    expect(sequential.same).toEqual(threads.same);
  });

  /** All messages along the chain of causes. */
  const messages = (error: Told | undefined): string[] =>
    error === undefined ? [] : [error.message, ...messages(error.cause)];

  test("that are exported under another name, as bundlers do, are found by the name that they were defined with", () => {
    expect(threads.misnamed).toEqual({ values: [1] });
  });

  test("whose name is that of something else are refused", () => {
    expect(messages(threads.misled.error).join("\n")).toContain('Cannot load kernel "answer"');
  });

  test("whose module does not load in a worker fail their call, naming module and reason", () => {
    const all = messages(threads.broken.error);
    const url = pathToFileURL(program("broken-in-workers.js")).href;
    expect(all.join("\n")).toContain(
      `Cannot load kernel "identity" as its module ${url} does not load in a worker`,
    );
    expect(all).toContain("this module stays on the main thread");
    expect(sequential.broken).toEqual({ values: [1, 2] });
    expect(threads.same["after"]).toEqual([2, 4]);
  });
});

describe("inline kernels", () => {
  test("are sent and compiled once per worker", async () => {
    const seen = await facts<Readonly<Record<string, number[]>>>("inline-kernels.mjs", ["compiled"]);
    expect(seen["counts"]).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]);
    const [first, second, third, other, otherAgain] = seen["metadata"] as [
      number,
      number,
      number,
      number,
      number,
    ];
    expect(first - second).toBeGreaterThanOrEqual(seen["lengths"]![0]!);
    expect(third).toBe(second);
    expect(other - otherAgain).toBe("(x) => x".length);
    expect(seen["started"]).toBe(1);
  });

  test("with captured variables are refused before anything happens", async () => {
    const seen = await facts<Readonly<Record<string, unknown>>>("inline-kernels.mjs", ["captured"]);
    const code = "SHARRAY_KERNEL_CAPTURE";
    expect(seen["refusals"]).toEqual([
      [code, ["factor", "table"]],
      [code, ["factor"]],
      [code, ["factor"]],
      [code, ["table"]],
      [code, ["factor"]],
      [code, ["factor"]],
      ["TypeError", null],
      ["TypeError", null],
    ]);
    expect(seen["after"]).toEqual(seen["before"]);
    expect(seen).toMatchObject({ started: 0, submitted: 0 });
  });
});

describe("TypeScript programs under tsx", () => {
  const project = join(installed.run, "typescript");
  const expected = {
    metres: [[1609, 3218], [4827, 6436], [8045]],
    inline: [[20.5, 40.5], [60.5, 80.5], [100.5]],
    items: [3, 6],
  };
  beforeAll(() => {
    // A project that has tsx too; under several versions of Node it is made anew for each.
    rmSync(project, { recursive: true, force: true });
    mkdirSync(join(project, "node_modules"), { recursive: true });
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
    symlinkSync(installed.package, join(project, "node_modules/sharray"), "dir");
    symlinkSync(join(installed.root, "node_modules/tsx"), join(project, "node_modules/tsx"), "dir");
    for (const name of ["typescript.ts", "typescript-kernels.ts", "typescript-scale.ts"]) {
      cpSync(program(name), join(project, name));
    }
  });
  const cli = fileURLToPath(new URL("cli.mjs", import.meta.resolve("tsx")));

  test.each([
    ["tsx program.ts", [cli]],
    ["node --import tsx program.ts", ["--import", "tsx"]],
    ["node --import=tsx program.ts", ["--import=tsx"]],
    ["node --import file:///.../tsx program.ts", ["--import", import.meta.resolve("tsx")]],
  ])("%s", async (_name, parameters) => {
    const outcomes = [];
    for (const strategy of ["threads", "sequential"]) {
      const { code, stdout, stderr } = await runNode([...parameters, "typescript.ts", strategy], {
        cwd: project,
      });
      expect([code, stderr]).toEqual([0, ""]);
      outcomes.push(JSON.parse(stdout));
    }
    expect(outcomes[0]).toEqual({ ...expected, events: ["threads", "threads", "threads"] });
    expect(outcomes[1]).toEqual({ ...expected, events: ["sequential", "sequential", "sequential"] });
  });

  test("NODE_OPTIONS='--import tsx' node program.ts", async () => {
    const options = { cwd: project, env: { NODE_OPTIONS: "--import tsx" } };
    const { code, stdout, stderr } = await runNode(["typescript.ts", "threads"], options);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });

  test("with the sources in another working directory", async () => {
    const { code, stdout, stderr } = await runNode([cli, join(project, "typescript.ts"), "threads"], {
      cwd: installed.run,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });
});

describe("module kernels of which a worker could only get by running the program again", () => {
  const main = (name: string): string => pathToFileURL(program(name)).href;

  test("in the main script are refused by every strategy, before anything runs", async () => {
    const outcomes = await facts<string[]>("main-kernel.mjs");
    expect(new Set(outcomes)).toEqual(
      new Set([
        `TypeError: Cannot send kernel "triple" to workers as it must be in a module of its own: it is in ${main("main-kernel.mjs")}, ` +
          "the program's main script, which every worker would run again. Export it from a file that only defines kernels; " +
          "if a bundler packs the program, make that file a second entry (docs/toolchains.md)",
      ]),
    );
  });

  test("in the main file of a folder are refused, too", async () => {
    const folder = join(installed.project, "folder");
    mkdirSync(join(folder, "src"), { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ main: "src/main.mjs" }));
    writeFileSync(
      join(folder, "src/main.mjs"),
      `import { defineKernel, ParallelExecutor } from "sharray";
       export const triple = defineKernel(import.meta.url, "triple", (x) => 3 * x);
       const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
       console.log(await executor.map([1], triple).then(String, ({ message }) => message));
       await executor.shutdown();`,
    );
    const { code, stdout } = await runNode([folder]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Cannot send kernel .*main\.mjs, the program's main script.*\n$/),
    ]);
  });

  test("in a file that does not export them are refused, too, whatever else that exports", async () => {
    const outcome = await facts<string>("start-bundle.mjs");
    expect(outcome).toContain(`${main("bundle.mjs")} does not export it, and looks like a program`);
  });

  test("run if the main script asks which thread it is on", async () => {
    expect(await facts("guarded-kernel.mjs")).toEqual([3, 6]);
  });
});
