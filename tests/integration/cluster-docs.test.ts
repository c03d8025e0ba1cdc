/** docs/cluster.md does what it says, and so does `npm start -- --cluster`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { blocksOf } from "./blocks.js";
import { SECRET, startNode, stopNode } from "./cluster.js";
import { installed } from "./installed.js";
import { runNode } from "./run.js";
import { onStores, REDIS, startRedis } from "./stores.js";

function hasSystemd(): boolean {
  const isThere = spawnSync("systemd-analyze", ["--version"]).status === 0;
  if (!isThere) console.warn("SKIPPED: the unit of docs/cluster.md, because there is no systemd-analyze");
  return isThere;
}

const tests = (): void => {
  test("the program of docs/cluster.md runs on a node with its module, and prints what the page says", async () => {
    const blocks = blocksOf(readFileSync(join(installed.root, "docs/cluster.md"), "utf8"));
    const [program, module] = blocks.filter(({ language }) => ["js", "ts"].includes(language));
    expect(module?.info).toBe("file=kernels.js");
    const folder = join(installed.project, "docs-cluster");
    mkdirSync(folder, { recursive: true });
    const kernels = join(folder, "kernels.js");
    writeFileSync(kernels, module?.text as string);
    writeFileSync(join(folder, "program.ts"), program?.text as string);
    await using redis = await startRedis();
    const node = await startNode(redis, "nightly", [kernels]);
    const { code, stdout, stderr } = await runNode(
      ["--import", import.meta.resolve("tsx"), join(folder, "program.ts")],
      {
        cwd: folder,
        env: { REDIS: redis.url, SHARRAY_SECRET: SECRET },
      },
    );
    await stopNode(node);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd()).toBe(program?.output?.trimEnd());
  });

  test.runIf(hasSystemd())("its unit is one that systemd takes", () => {
    const blocks = blocksOf(readFileSync(join(installed.root, "docs/cluster.md"), "utf8"));
    const folder = mkdtempSync(join(tmpdir(), "sharray-unit-"));
    const unit = join(folder, "sharray-node.service");
    const text = blocks.find(({ language }) => language === "ini")?.text as string;
    writeFileSync(unit, text);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    // Other units of the machine may have faults of theirs. Where its npx is, each machine says itself.
    const own = stderr.split("\n").filter((line) => line.includes("sharray-node") && !line.includes("npx"));
    expect(own).toEqual([]);
    if (!stderr.includes("npx")) expect(status).toBe(0);
  });

  test("npm start -- --cluster prints the same digits as on threads", async () => {
    const tsx = fileURLToPath(new URL("cli.mjs", import.meta.resolve("tsx")));
    const results = async (...options: string[]): Promise<string> => {
      const example = join(installed.repository, "docs/examples/flights.ts");
      const parameters = [tsx, example, "--rows", "30000", "--resamples", "8", ...options];
      const { code, stdout } = await runNode(parameters, { cwd: installed.repository });
      expect(code).toBe(0);
      expect(stdout).toContain("results equal bit for bit");
      return stdout.split("What each call cost")[0] as string;
    };
    expect(await results("--cluster")).toBe(await results("--strategy", "threads"));
  });
};

onStores("the page of the cluster", tests, [REDIS]);
