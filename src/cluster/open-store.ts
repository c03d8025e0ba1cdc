/** Chooses the store by the address of the connection. */
import type { ClusterConnection } from "./options.js";
import { PostgresStore } from "./postgres-store.js";
import { RedisStore } from "./redis-store.js";
import type { Store } from "./store.js";

const POSTGRES = /^postgres(ql)?:\/\//;

/** @param name of the queue */
export function openStore(connection: ClusterConnection | string, name: string): Store {
  return typeof connection === "string" && POSTGRES.test(connection)
    ? new PostgresStore(connection, name)
    : new RedisStore(connection, name);
}
