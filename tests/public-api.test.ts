import { expect, it } from "vitest";

// Computed, so that the compiler does not ask for a build before the first one.
const built = (file: string): string => new URL(`../dist/${file}`, import.meta.url).href;
const BUILT = built("index.js");

it("exports these names and no others", async () => {
  const api = (await import(BUILT)) as Record<string, unknown>;
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ClusterError",
      "ConfigurationError",
      "ConnectionError",
      "EvalForbiddenError",
      "ExecutorClosedError",
      "IsolationError",
      "KernelCaptureError",
      "KernelError",
      "MemoryLimitError",
      "ParallelConfig",
      "ParallelExecutor",
      "PayloadMutatedError",
      "SharrayError",
      "TaskTimeoutError",
      "WorkerLostError",
      "defineKernel",
    ]
  `);
});

it.each([
  ["sharray/bridge", "bridge/index.js", ["connectExecutor", "serveExecutor"]],
  ["sharray/cluster", "cluster/index.js", ["ClusterExecutor", "clusterStatus", "serveNode"]],
  ["sharray/otel", "telemetry/otel.js", ["instrument"]],
  ["sharray/trace", "telemetry/trace.js", ["Trace"]],
])("%s exports its names and no others", async (_, file, names) => {
  expect(Object.keys((await import(built(file))) as object)).toEqual(names);
});

it("exports classes and functions only", async () => {
  const api = (await import(BUILT)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(api)) expect(typeof value, name).toBe("function");
});
