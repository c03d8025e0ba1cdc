/** The options of both sides, checked. Neither secrets nor passwords are quoted in errors. */

import type { ParallelOptions } from "../config/options.js";
import { checkField } from "../config/rules.js";
import { ConfigurationError, quote } from "../errors.js";
import { isRecord } from "../memory/inputs.js";

/** The strategies of a `ClusterExecutor`. */
export type ClusterStrategyName = "sequential" | "cluster";

/** Where a Redis is, from 6.2 on. */
export interface ClusterConnection {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly db?: number | undefined;
  /** Options of `tls.connect`; `{}` for the defaults. */
  readonly tls?: object | undefined;
}

/** What clients and nodes have in common. */
interface Membership {
  /**
   * The store: `redis://user:password@host:port/db`, `rediss://` with TLS, or the fields of that. Or PostgreSQL, from 14 on:
   * `postgres://user:password@host:port/database?sslmode=verify-full`.
   */
  readonly connection: ClusterConnection | string;
  /** Name of the queue. Queues know nothing of each other. */
  readonly queue: string;
  /** Signs requests and results: at least 16 bytes, the same on all sides. */
  readonly secret: string | Uint8Array;
}

type Taken = "chunkSize" | "maxSharedBytes" | "taskTimeout" | "telemetry";

export interface ClusterOptions extends Membership, Pick<ParallelOptions, Taken> {
  /** Milliseconds that calls wait while no node serves the queue, or the store does not answer. Default 30,000. */
  readonly timeout?: number | undefined;
  /**
   * Whether results stay for an hour after a call. A client that crashed, and makes the same call again, gets what had finished.
   * Default `false`.
   */
  readonly resume?: boolean | undefined;
}

export interface NodeOptions extends Membership {
  /** Modules of kernels that this node runs: paths, or `file:` addresses. It runs no other code. */
  readonly kernels: readonly (string | URL)[];
  /** Threads of its pool. Default: the CPUs that this process may use. */
  readonly threads?: number | undefined;
  /** Cap on the bytes of shared memory in use. Default: half of the memory limit. */
  readonly maxSharedBytes?: number | undefined;
  /** Bytes of payload, among those, that stay for later calls. Default: half of `maxSharedBytes`. */
  readonly cacheBytes?: number | undefined;
}

const LEAST_SECRET = 16;
const HIDDEN = "(not shown)";
// BullMQ joins the parts of its keys by colons.
const QUEUE = /^[\w.-]{1,100}$/;
const OWN = ["connection", "queue", "secret"];
const CONNECTION = ["host", "port", "username", "password", "db", "tls"];

export function checkClusterOptions(options: unknown): asserts options is ClusterOptions {
  const names = ["chunkSize", "maxSharedBytes", "taskTimeout", "telemetry", "timeout", "resume"];
  const given = checkMembership(options, names) as Partial<ClusterOptions>;
  if (given.chunkSize !== undefined) checkField("chunkSize", given.chunkSize);
  if (given.maxSharedBytes !== undefined) checkField("maxSharedBytes", given.maxSharedBytes);
  if (given.taskTimeout !== undefined) checkField("taskTimeout", given.taskTimeout);
  if (given.telemetry !== undefined) checkField("telemetry", given.telemetry);
  if (given.timeout !== undefined) checkField("idleTimeout", given.timeout, "timeout");
  if (given.resume !== undefined) checkField("enabled", given.resume, "resume");
}

export function checkNodeOptions(options: unknown): asserts options is NodeOptions {
  const names = ["kernels", "threads", "maxSharedBytes", "cacheBytes"];
  const given = checkMembership(options, names) as Partial<NodeOptions>;
  const { kernels } = given;
  const areModules =
    Array.isArray(kernels) &&
    kernels.length > 0 &&
    kernels.every((each) => (typeof each === "string" && each !== "") || each instanceof URL);
  if (!areModules) throw new ConfigurationError("kernels", kernels, "a list of paths or file: addresses");
  if (given.threads !== undefined) checkField("maxWorkers", given.threads, "threads");
  if (given.maxSharedBytes !== undefined) checkField("maxSharedBytes", given.maxSharedBytes);
  if (given.cacheBytes !== undefined) checkField("maxSharedBytes", given.cacheBytes, "cacheBytes");
}

/** @throws TypeError, ConfigurationError */
export function checkAddress({ connection, queue }: Readonly<Record<string, unknown>>): void {
  const isUrl =
    typeof connection === "string" &&
    /^(rediss?|postgres|postgresql):\/\//.test(connection) &&
    URL.canParse(connection);
  if (!isUrl && !isRecord(connection)) {
    throw new ConfigurationError(
      "connection",
      HIDDEN,
      "an object with host and port, or a redis:// or postgres:// address",
    );
  }
  const unknown = isUrl
    ? undefined
    : Object.keys(connection as object).find((name) => !CONNECTION.includes(name));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `connection.${unknown}`,
      HIDDEN,
      `left out: the fields are ${CONNECTION.join(", ")}`,
    );
  }
  if (typeof queue !== "string" || !QUEUE.test(queue)) {
    throw new ConfigurationError(
      "queue",
      queue,
      "a name of 1 to 100 letters, digits, dots, dashes and underscores",
    );
  }
}

function checkMembership(options: unknown, others: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isRecord(options)) {
    throw new TypeError(
      `Cannot read the options as they must be a plain object: current value is ${quote(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (OWN.includes(name) || others.includes(name)) continue;
    throw new ConfigurationError(name, value, `left out: the fields are ${[...OWN, ...others].join(", ")}`);
  }
  checkAddress(options);
  const { secret } = options;
  const bytes =
    typeof secret === "string" ? Buffer.byteLength(secret) : secret instanceof Uint8Array ? secret.length : 0;
  if (bytes < LEAST_SECRET) {
    throw new ConfigurationError(
      "secret",
      HIDDEN,
      `a string or a Uint8Array of at least ${LEAST_SECRET} bytes`,
    );
  }
  return options;
}
