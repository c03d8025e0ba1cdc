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
  await store.beat(status.id, JSON.stringify(told), GONE_MS);
}

/** The nodes that are there, in the order of their ids. */
export async function nodesOf(store: Store): Promise<NodeStatus[]> {
  return (await store.nodes()).flatMap(readStatus);
}
