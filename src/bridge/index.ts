/** sharray/bridge: one executor for every thread. Public names only. */
export type * from "../platform/ambient.js";

export { type ConnectOptions, connectExecutor } from "./connect.js";
export type { Endpoint, EventEndpoint, NodeEndpoint } from "./endpoint.js";
export type { RemoteExecutor } from "./remote-executor.js";
export { type ExecutorService, type ServeOptions, serveExecutor } from "./serve.js";
