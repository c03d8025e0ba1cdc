/** What goes on at a queue, for its operator. Needs no secret. */
import { ClusterError } from "../errors.js";
import { clearTimeout, setTimeout } from "../platform/builtins.js";
import type { NodeStatus } from "./node-status.js";
import { nodesOf } from "./nodes.js";
import { openStore } from "./open-store.js";
import { type ClusterOptions, checkAddress } from "./options.js";
import type { Store } from "./store.js";
import { silenceError, storeError } from "./store-errors.js";

export interface ClusterStatus {
  readonly nodes: readonly NodeStatus[];
  /** Shards that wait for a node. */
  readonly waiting: number;
  /** Shards that nodes run. */
  readonly active: number;
  /** Shards of the last hour that nodes dropped, or that ended nodes. */
  readonly failed: number;
}

const PATIENCE_MS = 5000;

/** Asks once. @throws TypeError, ConfigurationError; ClusterError if the store does not answer within 5 s */
export async function clusterStatus(
  options: Pick<ClusterOptions, "connection" | "queue">,
): Promise<ClusterStatus> {
  checkAddress({ ...options });
  const { connection, queue: name } = options;
  const store = openStore(connection, name);
  store.keepAlive(true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silenceError(PATIENCE_MS, store.lastError)), PATIENCE_MS);
  });
  try {
    const asked = askAll(store);
    asked.catch(() => {});
    return await Promise.race([asked, late]);
  } catch (error) {
    throw error instanceof ClusterError ? error : storeError(error);
  } finally {
    clearTimeout(timer);
    store.close().catch(() => {});
  }
}

async function askAll(store: Store): Promise<ClusterStatus> {
  const nodes = await nodesOf(store);
  const counts = await store.queue().getJobCounts("waiting", "active", "failed");
  const { waiting = 0, active = 0, failed = 0 } = counts;
  return { nodes, waiting, active, failed };
}
