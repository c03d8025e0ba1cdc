/** Globals: those of a fresh worker are the kernel's to use, those of the program are captured, on every strategy. */
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { runNode } from "./run.js";

const executor = new ParallelExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

test("all that a worker has may be used, and is what a worker has", async () => {
  const [inWorker] = await executor.map([0], () => Object.getOwnPropertyNames(globalThis), {
    strategy: "threads",
  });
  const names = (inWorker as string[]).filter((name) => /^[a-z_$][\w$]*$/i.test(name) && name in globalThis);
  expect(names.length).toBeGreaterThan(100);
  for (const name of names) {
    const kernel = new Function(`return () => typeof ${name}`)() as () => string;
    executor.explain([new Uint8Array(1)], kernel);
  }
});

describe.each(["sequential", "auto", "threads"] as const)("%s", (strategy) => {
  /** What the calls of a program given by its text say. */
  async function told(
    setup: string,
    kernels: readonly string[],
    how: readonly string[],
    captures = "copy",
  ): Promise<string[]> {
    const run = (kernel: string): string =>
      `await e.map([1, 2], ${kernel}).then((values) => "ran: " + values, (error) => error.code + " " + error.variables)`;
    const text = `${setup}
      const { ParallelExecutor } = await import("sharray");
      const e = new ParallelExecutor({ strategy: "${strategy}", maxWorkers: 1, captures: "${captures}" });
      console.log(JSON.stringify([${kernels.map(run).join(", ")}]));
      await e.shutdown();`;
    const script = how.includes("--input-type=module")
      ? text
      : `(async () => {${text.replace(setup, "")}})(); ${setup}`;
    const { stdout, stderr } = await runNode([...how, "-e", script]);
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout) as string[];
  }

  test("globals that a module sets are copied, or refused before anything runs", async () => {
    const setup = `globalThis.rate = 2; globalThis.table = new Map([[1, 2]]);
      Object.defineProperty(globalThis, "hidden", { get: () => 3, configurable: true });`;
    const kernels = ["(x) => x * rate", "(x) => table.get(x)", "(x) => x * hidden", "(x) => Math.abs(-x)"];
    expect(await told(setup, kernels, ["--input-type=module"])).toEqual([
      "ran: 2,4",
      "SHARRAY_KERNEL_CAPTURE table.get",
      "SHARRAY_KERNEL_CAPTURE hidden",
      "ran: 1,2",
    ]);
    expect(await told(setup, kernels, ["--input-type=module"], "error")).toEqual([
      "SHARRAY_KERNEL_CAPTURE rate",
      "SHARRAY_KERNEL_CAPTURE table",
      "SHARRAY_KERNEL_CAPTURE hidden",
      "ran: 1,2",
    ]);
  });

  test("a global asked for by name is that of the thread", async () => {
    const [seen] = await told(
      "globalThis.rate = 2;",
      ["() => globalThis.rate ?? 'none'"],
      ["--input-type=module"],
    );
    // Which thread it is under "auto" depends on the machine.
    const expected = {
      sequential: /^ran: 2,2$/,
      auto: /^ran: (2|none),(2|none)$/,
      threads: /^ran: none,none$/,
    };
    expect(seen).toMatch(expected[strategy]);
  });

  test("variables of a script are copied, or refused, and what Node adds to one", async () => {
    const setup = "var rate = 2; function helper(x) { return x; }";
    const kernels = ["(x) => x * rate", "(x) => helper(x)", "() => os.EOL", "() => require('os').EOL"];
    const copied = await told(setup, kernels, []);
    expect(copied.slice(0, 3)).toEqual(["ran: 2,4", "ran: 1,2", "SHARRAY_KERNEL_CAPTURE os"]);
    expect(copied[3]).toMatch(/^SHARRAY_KERNEL_CAPTURE require\b/);
    expect(await told(setup, kernels, [], "error")).toEqual([
      "SHARRAY_KERNEL_CAPTURE rate",
      "SHARRAY_KERNEL_CAPTURE helper",
      "SHARRAY_KERNEL_CAPTURE os",
      "SHARRAY_KERNEL_CAPTURE require",
    ]);
  });
});
