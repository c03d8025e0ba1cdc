/** Nodes and clients of the tests' own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ClusterExecutor, type ClusterOptions } from "sharray/cluster";
import { installed } from "./installed.js";
import { program } from "./run.js";
import type { TestStore } from "./stores.js";

export const SECRET = "a secret of the tests";
export const KERNELS = program("cluster-kernels.js");
export const command = join(installed.package, "dist/cli/sharray.js");

/** Starts a node as an operator does, and waits until it serves. */
export async function startNode(
  store: Pick<TestStore, "url">,
  queue: string,
  kernels: readonly string[] = [KERNELS],
): Promise<ChildProcess> {
  const { PATH } = process.env;
  const child = spawn(
    process.execPath,
    [
      ...[command, "node", ...addressOf(store), "--queue", queue, "--threads", "1"],
      ...kernels.flatMap((module) => ["--kernels", module]),
    ],
    { cwd: installed.project, env: { PATH, SHARRAY_SECRET: SECRET }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`The node has ended with code ${code}`);
  });
  exited.catch(() => {});
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), exited]);
  return child;
}

/** The option of a command that has the address of a store. */
export function addressOf({ url }: Pick<TestStore, "url">): readonly string[] {
  return [url.startsWith("redis") ? "--redis" : "--postgres", url];
}

/** Ends a node. */
export async function stopNode(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGCONT");
  child.kill(signal);
  await ended;
}

export function connectTo(
  store: Pick<TestStore, "url">,
  queue: string,
  options: Partial<ClusterOptions> = {},
): ClusterExecutor {
  return new ClusterExecutor({ connection: store.url, queue, secret: SECRET, ...options });
}

/** Waits for a condition, by a bound that no loaded machine reaches. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come true within 40 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
