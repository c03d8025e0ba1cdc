/** What goes on at a queue, for its operator. Needs no secret. */
import { Queue } from "bullmq";
import { ClusterError } from "../errors.js";
import { clearTimeout, setTimeout } from "../platform/builtins.js";
import { PREFIX } from "./connection.js";
import type { NodeStatus } from "./node-status.js";
import { nodesOf } from "./nodes.js";
import { type ClusterOptions, checkAddress } from "./options.js";
import { connect, Store } from "./store.js";
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
  const redis = connect(connection);
  const store = new Store(redis, name);
  const queue = new Queue(name, { connection: redis, prefix: PREFIX });
  queue.on("error", () => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silenceError(PATIENCE_MS, store.lastError)), PATIENCE_MS);
  });
  try {
    const asked = Promise.all([nodesOf(store), queue.getJobCounts("waiting", "active", "failed")]);
    asked.catch(() => {});
    const [nodes, { waiting = 0, active = 0, failed = 0 }] = await Promise.race([asked, late]);
    return { nodes, waiting, active, failed };
  } catch (error) {
    throw error instanceof ClusterError ? error : storeError(error);
  } finally {
    clearTimeout(timer);
    store.close();
    queue.close().catch(() => {});
  }
}
