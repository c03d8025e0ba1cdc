import { expect, it } from "vitest";

// Computed, so that the compiler does not ask for a build before the first one.
const BUILT = new URL("../dist/index.js", import.meta.url).href;

it("exports these names and no others", async () => {
  const api = (await import(BUILT)) as Record<string, unknown>;
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ConfigurationError",
      "ExecutorClosedError",
      "KernelCaptureError",
      "KernelError",
      "MemoryLimitError",
      "ParallelConfig",
      "ParallelExecutor",
      "SharrayError",
      "WorkerLostError",
      "defineKernel",
    ]
  `);
});

it("exports classes and functions only", async () => {
  const api = (await import(BUILT)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(api)) expect(typeof value, name).toBe("function");
});
