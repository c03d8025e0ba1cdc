/** sharray/cluster: one executor over several machines, on BullMQ. Public names only. */
export type * from "../platform/ambient.js";

export { ClusterExecutor, type ClusterPlan } from "./cluster-executor.js";
export { type ClusterStatus, clusterStatus } from "./cluster-status.js";
export type { NodeStatus } from "./node-status.js";
export type { ClusterConnection, ClusterOptions, ClusterStrategyName, NodeOptions } from "./options.js";
export { type ClusterNode, serveNode } from "./serve-node.js";
