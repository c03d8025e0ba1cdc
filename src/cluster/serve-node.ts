/** A node: takes shards from a queue, and runs them on an executor of its own. */

import { randomUUID } from "node:crypto";
import { ClusterError } from "../errors.js";
import { ParallelExecutor } from "../executor/parallel-executor.js";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "../platform/builtins.js";
import { Leases } from "./leases.js";
import { RELEASE } from "./messages.js";
import { NodeKernels } from "./node-kernels.js";
import type { NodeStatus } from "./node-status.js";
import { BEAT_MS, beat } from "./nodes.js";
import { openStore } from "./open-store.js";
import { checkNodeOptions, type NodeOptions } from "./options.js";
import { ShardRunner } from "./shard-runner.js";
import { Signer } from "./signing.js";
import { SpanCache } from "./span-cache.js";
import type { NodeWorker, Store } from "./store.js";
import { silenceError, storeError } from "./store-errors.js";

/** Shards that a node runs at once: while one ends, the next one keeps the threads busy. */
const AT_ONCE = 2;
/** A node that does not renew its locks for so long has lost its shards. They are renewed in half of that, beside the computing. */
const LOCK_MS = 6000;
/** How often nodes look for shards of lost nodes: such a shard begins anew within `LOCK_MS + STALLED_MS`. */
const STALLED_MS = 3000;
/** How often a shard may lose its node. */
const MOST_LOSSES = 2;
const CONNECT_MS = 10_000;

/** A node that serves. */
export interface ClusterNode extends AsyncDisposable {
  readonly id: string;
  readonly threads: number;
  /** Names of its kernels. */
  readonly kernels: readonly string[];
  /** Ends what it runs, takes no more, and lets go of everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves a queue until it is closed. Runs nothing but the kernels of the modules that are listed.
 * @throws TypeError, ConfigurationError; ClusterError if the store does not answer within 10 s
 */
export async function serveNode(options: NodeOptions): Promise<ClusterNode> {
  checkNodeOptions(options);
  const kernels = await NodeKernels.load(options.kernels);
  const node = new Node(options, kernels);
  try {
    await node.connected();
  } catch (error) {
    await node.close();
    throw error;
  }
  return node;
}

class Node implements ClusterNode {
  readonly id: string = randomUUID();
  readonly threads: number;
  readonly kernels: readonly string[];
  readonly #executor: ParallelExecutor;
  readonly #store: Store;
  readonly #cache: SpanCache;
  readonly #leases: Leases;
  readonly #runner: ShardRunner;
  #worker: NodeWorker | undefined;
  readonly #beats: ReturnType<typeof setInterval>;
  #closed: Promise<void> | undefined;

  constructor(
    { connection, queue, secret, threads, maxSharedBytes, cacheBytes }: NodeOptions,
    kernels: NodeKernels,
  ) {
    this.#executor = new ParallelExecutor({ maxWorkers: threads, maxSharedBytes });
    const { maxWorkers, maxSharedBytes: limit } = this.#executor.config;
    this.threads = maxWorkers;
    this.kernels = Object.freeze(kernels.names);
    this.#store = openStore(connection, queue);
    this.#store.keepAlive(true);
    this.#cache = new SpanCache(this.#executor, this.#store, cacheBytes ?? Math.floor(limit / 2));
    this.#leases = new Leases(this.#store);
    this.#runner = new ShardRunner({
      executor: this.#executor,
      threads: maxWorkers,
      store: this.#store,
      signer: new Signer(secret, queue),
      kernels,
      cache: this.#cache,
      leases: this.#leases,
      limit,
    });
    this.#beats = setInterval(() => void this.#beat(), BEAT_MS);
  }

  /** Resolves when the node is known to clients. @throws ClusterError */
  async connected(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(silenceError(CONNECT_MS, this.#store.lastError)), CONNECT_MS);
    });
    const told = this.#serve();
    told.catch(() => {});
    try {
      await Promise.race([told, late]);
    } catch (error) {
      throw error instanceof ClusterError ? error : storeError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #serve(): Promise<void> {
    await beat(this.#store, this.#status());
    if (this.#closed !== undefined) return;
    this.#worker = this.#store.worker((job) => this.#runner.run(job), {
      concurrency: AT_ONCE,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
      maxStalledCount: MOST_LOSSES,
    });
    await this.#worker.waitUntilReady();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#beats);
    const isReady = this.#store.isReady;
    // Without a store there is nobody to wait for.
    await this.#worker?.close(!isReady).catch(() => {});
    if (isReady) await this.#store.leave(this.id).catch(() => {});
    this.#leases.close();
    this.#cache.clear();
    await this.#store.close();
    await this.#executor.shutdown();
  }

  async #beat(): Promise<void> {
    if (!this.#store.isReady) return;
    await beat(this.#store, this.#status()).catch(() => {});
  }

  #status(): Omit<NodeStatus, "host" | "pid"> {
    return {
      id: this.id,
      release: RELEASE,
      threads: this.threads,
      shards: this.#runner.running,
      cachedBytes: this.#cache.bytes,
      dropped: this.#runner.dropped,
      kernels: this.kernels,
    };
  }
}
