import { defineConfig } from "vitest/config";
import { installed } from "./tests/integration/installed.js";

const alias = [
  { find: /^sharray$/, replacement: installed.entry },
  { find: "sharray/bridge", replacement: `${installed.package}/dist/bridge/index.js` },
  { find: /^sharray\/(otel|trace)$/, replacement: `${installed.package}/dist/telemetry/$1.js` },
];

/** Workers that sources start have the entry of dist, as sources would need a loader there. */
const builtEntry = {
  name: "the workers' built entry",
  transform(code: string, id: string): string | undefined {
    if (!id.endsWith("/src/platform/scripts.ts")) return undefined;
    return code.replace("./worker/", "../../dist/worker/");
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [builtEntry],
        test: {
          name: "unit",
          include: ["tests/{unit,model,matrix}/**/*.test.ts", "tests/*.test.ts"],
          // Some make thousands of cases, some start workers: on a busy machine that takes its time.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Everything here meets the package as a user does: packed, and installed into an empty project.
        resolve: { alias },
        test: {
          name: "integration",
          include: ["tests/{integration,workloads}/**/*.test.ts"],
          globalSetup: ["tests/integration/install.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
          // Each file starts pools of its own; more at once would only make two cores slower.
          maxWorkers: 2,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          globalSetup: ["tests/integration/install.ts", "tests/browser/build.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
          // One at a time: some look at how long the page was kept waiting.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "faults",
          include: ["tests/faults/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
          // Sequences are processes of their own, with workers of their own.
          maxConcurrency: 2,
        },
      },
    ],
  },
});
