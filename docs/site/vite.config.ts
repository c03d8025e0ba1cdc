import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** The headers that static hosts read from the same file: what works here works there. */
const headers = Object.fromEntries(
  readFileSync(new URL("public/_headers", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim().split(/: (.*)/) as [name: string, value: string]),
);

/**
 * This page is part of the package, whose package.json says that importing its modules does nothing. Importing kernels does:
 * it makes them known to a worker of the pool.
 */
const kernels: Plugin = {
  name: "kernels",
  transform: (code, id) => (id.endsWith("/kernels.ts") ? { code, moduleSideEffects: true } : undefined),
};

export default defineConfig({
  // Relative addresses: the built page runs in any folder of any host.
  base: "./",
  build: { target: "es2022", assetsInlineLimit: 0 },
  worker: { format: "es", plugins: () => [kernels] },
  preview: { headers },
});
