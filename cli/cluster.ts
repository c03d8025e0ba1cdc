/** The commands of a cluster: a node that serves a queue, and what goes on there. */
import { ClusterError, ConfigurationError } from "sharray";
import { type ClusterStatus, clusterStatus, serveNode } from "sharray/cluster";

/** The variable of the environment that has the secret. An argument would be seen by every user of the machine. */
const SECRET = "SHARRAY_SECRET";

export interface NodeArguments {
  /** Address of the store. */
  readonly connection: string;
  readonly queue: string;
  readonly kernels: readonly string[];
  readonly threads: number | undefined;
}

/** Serves until the process is asked to end: then it finishes what it runs. @returns the exit code */
export async function runNode({ connection, queue, kernels, threads }: NodeArguments): Promise<number> {
  const secret = process.env[SECRET];
  if (secret === undefined) {
    process.stderr.write(
      `Cannot serve a queue without a secret: set ${SECRET}, the same for clients and nodes\n`,
    );
    return 2;
  }
  // Kernels and what they start need not know it.
  delete process.env[SECRET];
  return told(async () => {
    const node = await serveNode({ connection, queue, secret, kernels, threads });
    process.stdout.write(
      `Node ${node.id} serves "${queue}" with ${node.threads} threads: ${node.kernels.join(", ")}\n`,
    );
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    await node.close();
  });
}

/** @returns the exit code */
export function printStatus(connection: string, queue: string, isJson: boolean): Promise<number> {
  return told(async () => {
    const status = await clusterStatus({ connection, queue });
    process.stdout.write(isJson ? `${JSON.stringify(status, null, 2)}\n` : printed(status));
  });
}

function printed({ nodes, waiting, active, failed }: ClusterStatus): string {
  const rows = nodes.map(({ host, pid, threads, shards, cachedBytes, dropped }) => {
    return [`${host}:${pid}`, threads, shards, (cachedBytes / 2 ** 20).toFixed(1), dropped].map(String);
  });
  const table = [["node", "threads", "shards", "cached MiB", "dropped"], ...rows];
  const widths = (table[0] as string[]).map((_, i) =>
    Math.max(...table.map((row) => (row[i] as string).length)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n${waiting} shards wait, ${active} run, ${failed} failed in the last hour\n`;
}

async function told(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    const isOurs = error instanceof ClusterError || error instanceof ConfigurationError;
    process.stderr.write(`${isOurs ? error.message : String(error)}\n`);
    return 1;
  }
}
