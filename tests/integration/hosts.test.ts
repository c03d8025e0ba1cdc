/** What runs the program: test runners with contexts and timers of their own, and Node under options that forbid something. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { facts, program, runNode } from "./run.js";

const strategies = ["auto", "sequential", "threads"];
type Ended = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

describe("Vitest", () => {
  const vitest = join(installed.root, "node_modules/vitest/vitest.mjs");

  test.each(["vmThreads", "vmForks", "forks"])("runs a user's tests with --pool %s", async (pool) => {
    const folder = program("vm-pool");
    const parameters = [vitest, "run", "--root", folder, "--globals", "--pool", pool, "--reporter", "json"];
    const { code, stdout, stderr } = await runNode(parameters, { env: { NO_COLOR: "1" } });
    const report = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
      readonly testResults: readonly unknown[];
    };
    expect([code, stderr, report.testResults]).toMatchObject([0, "", [{ status: "passed" }]]);
    expect(report).toMatchObject({ numTotalTests: 6, numPassedTests: 6 });
  });
});

describe("fake timers", () => {
  test.each(["node:test", "all globals"])("(%s) hold up neither calls nor shutdown", async (how) => {
    const { code, stdout, stderr } = await runNode(["--no-warnings", program("fake-timers.mjs"), how]);
    expect([code, stderr]).toEqual([0, ""]);
    const ended = JSON.parse(stdout) as Ended;
    for (const strategy of strategies) {
      expect(ended[strategy]).toMatchObject({
        late: Array.from({ length: 12 }, (_, i) => i),
        async: [2, 4],
        module: [2],
        stopped: { name: "TaskTimeoutError" },
        progress: true,
        stream: 6,
        start: "started",
        shutdown: "shut down",
      });
    }
  });
});

test("a frozen global object takes nothing away", async () => {
  const ended = await facts<Ended>("frozen.mjs");
  for (const strategy of strategies) {
    expect(ended[strategy]).toMatchObject({
      inline: [2, 4, 6],
      timed: [2, 4, 6],
      endless: { name: "TaskTimeoutError" },
      hidden: [7],
      refused: { name: "KernelCaptureError" },
      shutdown: "shut down",
    });
  }
});

test("module kernels run on every strategy if no text may be compiled", async () => {
  const { code, stdout, stderr } = await runNode([
    "--disallow-code-generation-from-strings",
    program("no-eval.mjs"),
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  const { ended, added, alive } = JSON.parse(stdout) as { ended: Ended; added: string[]; alive: number };
  for (const strategy of strategies) {
    expect(ended[strategy]).toMatchObject({
      module: [2, 4, 6],
      endless: { name: "TaskTimeoutError" },
      inline: { name: "EvalForbiddenError" },
      start: "started",
      shutdown: "shut down",
    });
  }
  expect([added, alive]).toEqual([[], 0]);
});

test("the package adds nothing to the global object, here or in workers", async () => {
  const text = `import { ParallelExecutor } from "sharray";
    import { strayGlobals } from "./programs/kernels.js";
    const before = Reflect.ownKeys(globalThis);
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const [inWorker] = await executor.map([1], strayGlobals);
    await executor.shutdown();
    const added = Reflect.ownKeys(globalThis).filter((key) => !before.includes(key)).map(String);
    console.log(JSON.stringify([inWorker, added]));`;
  const { stdout } = await runNode(["--input-type=module", "-e", text]);
  expect(JSON.parse(stdout)).toEqual([[], []]);
});

test("Node under --conditions=browser has the package for Node", async () => {
  const text = `import { ParallelExecutor } from "sharray";
    import "sharray/bridge";
    import "sharray/trace";
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    console.log(String(await executor.map([1, 2], (x) => 2 * x)));`;
  const ended = await runNode(["--conditions=browser", "--input-type=module", "-e", text]);
  expect(ended).toMatchObject({ code: 0, stdout: "2,4\n", stderr: "" });
});

test("the package for browsers runs calls in a page that lacks much, as under jsdom", async () => {
  const options = ["--no-warnings", "--experimental-vm-modules"];
  const { code, stdout, stderr } = await runNode([...options, program("jsdom-like.mjs")]);
  expect([code, stderr]).toEqual([0, ""]);
  const results = [[2, 4, 6], [true], [{ first: 1 }, { first: 2 }]];
  expect(JSON.parse(stdout)).toEqual({ auto: results, sequential: results });
});
