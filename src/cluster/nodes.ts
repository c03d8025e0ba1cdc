/** The nodes that serve a queue: each says so every two seconds. */
import { hostname } from "node:os";
import { type NodeStatus, readStatus } from "./node-status.js";
import type { Store } from "./store.js";

export const BEAT_MS = 2000;
/** A node that says nothing for so long is gone. */
const GONE_MS = 4 * BEAT_MS;

/** A node is there. */
export async function beat(store: Store, status: Omit<NodeStatus, "host" | "pid">): Promise<void> {
  const told: NodeStatus = { ...status, host: hostname(), pid: process.pid };
  await store.redis
    .multi()
    .sadd(store.key("nodes"), status.id)
    .set(store.key("node", status.id), JSON.stringify(told), "PX", GONE_MS)
    .exec();
}

/** A node leaves. */
export async function leave(store: Store, id: string): Promise<void> {
  await store.redis.multi().srem(store.key("nodes"), id).unlink(store.key("node", id)).exec();
}

/** The nodes that are there, in the order of their ids. */
export async function nodesOf(store: Store): Promise<NodeStatus[]> {
  const ids = (await store.redis.smembers(store.key("nodes"))).sort();
  if (ids.length === 0) return [];
  const texts = await store.redis.mget(ids.map((id) => store.key("node", id)));
  const gone = ids.filter((_, i) => texts[i] === null);
  if (gone.length > 0) await store.redis.srem(store.key("nodes"), ...gone);
  return texts.flatMap((text) => (text == null ? [] : readStatus(text)));
}
