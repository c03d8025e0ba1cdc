/** A Redis and nodes of the tests' own, as processes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { ClusterExecutor, type ClusterOptions } from "sharray/cluster";
import { describe } from "vitest";
import { installed } from "./installed.js";
import { program } from "./run.js";

export const SECRET = "a secret of the tests";
export const KERNELS = program("cluster-kernels.js");
export const command = join(installed.package, "dist/cli/sharray.js");

function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Tests with a Redis. Skipped, loudly, if there is none. */
export function withRedis(name: string, tests: () => void): void {
  const isThere = hasRedis();
  if (!isThere)
    console.warn(
      `SKIPPED: ${name}, because there is no redis-server. Debian has it: apt-get install redis-server`,
    );
  describe.skipIf(!isThere)(name, tests);
}

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly client: Redis;
  /** Begins anew, without what it had. */
  restart(): Promise<void>;
}

/** Starts a Redis on a free port. */
export async function startRedis(...parameters: readonly string[]): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "sharray-redis-"));
  const port = await freePort();
  const all = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder, ...parameters];
  const begin = (): ChildProcess => spawn("redis-server", all, { stdio: "ignore" });
  let server = begin();
  const password = parameters[parameters.indexOf("--requirepass") + 1];
  const isOpen = parameters.includes("--requirepass");
  const client = new Redis({
    port,
    maxRetriesPerRequest: null,
    ...(isOpen && password !== undefined && { password }),
  });
  client.on("error", () => {});
  const end = async (): Promise<void> => {
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  await client.ping();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    async restart() {
      await end();
      server = begin();
      await client.ping();
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a node as an operator does, and waits until it serves. */
export async function startNode(
  redis: TestRedis,
  queue: string,
  kernels: readonly string[] = [KERNELS],
): Promise<ChildProcess> {
  const { PATH } = process.env;
  const child = spawn(
    process.execPath,
    [
      ...[command, "node", "--redis", redis.url, "--queue", queue, "--threads", "1"],
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

/** Ends a node. */
export async function stopNode(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGCONT");
  child.kill(signal);
  await ended;
}

export function connectTo(
  redis: TestRedis,
  queue: string,
  options: Partial<ClusterOptions> = {},
): ClusterExecutor {
  return new ClusterExecutor({ connection: redis.url, queue, secret: SECRET, ...options });
}

/** Waits for a condition, by a bound that no loaded machine reaches. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come true within 40 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
