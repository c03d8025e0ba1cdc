/** A cluster on this machine, to try one: a Redis of its own on a free port, and two nodes as processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { Telemetry } from "sharray";
import { ClusterExecutor } from "sharray/cluster";

const COMMAND = fileURLToPath(new URL("../../../dist/cli/sharray.js", import.meta.url));
const KERNELS = fileURLToPath(new URL("kernels.ts", import.meta.url));
const NODES = 2;

export interface LocalCluster extends AsyncDisposable {
  readonly executor: ClusterExecutor;
}

/** @throws Error if there is no redis-server, or a node does not start */
export async function startLocalCluster(telemetry: Telemetry): Promise<LocalCluster> {
  const port = await freePort();
  const secret = randomBytes(16).toString("hex");
  const connection = `redis://127.0.0.1:${port}`;
  const children: ChildProcess[] = [];
  const start = (command: string, parameters: readonly string[], env = {}): ChildProcess => {
    const child = spawn(command, parameters, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  };
  const end = async (): Promise<void> => {
    for (const child of children.reverse()) {
      if (child.pid === undefined || child.exitCode !== null) continue;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
  };
  try {
    await said(
      start("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""]),
      "Ready to accept",
    );
    const parameters = [
      "node",
      "--redis",
      connection,
      "--queue",
      "flights",
      "--kernels",
      KERNELS,
      "--threads",
      "1",
    ];
    const nodes = Array.from({ length: NODES }, () => {
      return start(process.execPath, [COMMAND, ...parameters], { SHARRAY_SECRET: secret });
    });
    await Promise.all(nodes.map((node) => said(node, "serves")));
  } catch (error) {
    await end();
    throw error;
  }
  const executor = new ClusterExecutor({ connection, queue: "flights", secret, telemetry });
  return {
    executor,
    async [Symbol.asyncDispose]() {
      await executor.shutdown();
      await end();
    },
  };
}

/** Resolves when a process has printed these words. @throws Error if it ends before, or does not begin */
async function said(child: ChildProcess, words: string): Promise<void> {
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`${child.spawnfile} has ended with code ${code}`);
  });
  const printed = new Promise<void>((resolve) => {
    child.stdout?.on("data", (text: Buffer) => {
      if (text.includes(words)) resolve();
    });
  });
  await Promise.race([printed, exited]);
  exited.catch(() => {});
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
