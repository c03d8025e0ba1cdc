/** An executor whose calls run on the nodes of a cluster. */

import { NO_OPTIONS } from "../call/call-options.js";
import type { Calls } from "../call/calls.js";
import { Planner } from "../call/planner.js";
import type { CallOptions, ChunkKernel, WritableArrays } from "../call/types.js";
import { ParallelConfig } from "../config/config.js";
import { cancelled, stillRunning } from "../executor/cancel-reasons.js";
import { BACKEND, Executor, readCall } from "../executor/executor.js";
import { Arena } from "../memory/arena.js";
import type { Input } from "../memory/inputs.js";
import type * as plans from "../plan/plan.js";
import { optimizationsOf } from "../platform/optimizations.js";
import type { StrategyName } from "../strategies/registry.js";
import { StrategySet } from "../strategies/strategy-set.js";
import type { Metrics } from "../telemetry/metrics.js";
import { Reporter } from "../telemetry/reporter.js";
import { ClusterCalls } from "./cluster-calls.js";
import { clusterStrategies } from "./cluster-strategy.js";
import { ClusterConnection } from "./connection.js";
import type { NodeStatus } from "./node-status.js";
import { type ClusterOptions, type ClusterStrategyName, checkClusterOptions } from "./options.js";

/** How a call would run on the cluster. */
export interface ClusterPlan extends plans.Plan<ClusterStrategyName> {
  /** The nodes that serve the queue now. */
  readonly nodes: readonly NodeStatus[];
  /** Bytes of payload that each node reads at most: those that it lacks. */
  readonly bytesPerNode: number;
}

/**
 * Runs kernels on the nodes that serve a queue. It has the calls of every executor, with the same results, bit for bit. Kernels are
 * made with `defineKernel`, in modules that the nodes have, too.
 */
export class ClusterExecutor extends Executor implements AsyncDisposable {
  readonly #connection: ClusterConnection;
  readonly #calls: Calls;
  readonly #reporter: Reporter;
  readonly #strategies: StrategySet;
  readonly #arena: Arena;
  #closed: Promise<void> | undefined;

  /** Connects at the first call. @throws TypeError, ConfigurationError */
  constructor(options: ClusterOptions) {
    super();
    checkClusterOptions(options);
    const { chunkSize, maxSharedBytes, taskTimeout, telemetry } = options;
    const connection = new ClusterConnection(options);
    const config: ParallelConfig = {
      ...new ParallelConfig({ chunkSize, maxSharedBytes, taskTimeout, telemetry }),
      strategy: "cluster" as StrategyName,
      get maxWorkers() {
        return connection.threads;
      },
    };
    this.#connection = connection;
    this.#reporter = new Reporter(telemetry, config.maxWorkers);
    this.#arena = new Arena(config.maxSharedBytes, undefined, config.idleTimeout);
    const host = {
      settings: config,
      arena: this.#arena,
      optimizations: optimizationsOf(),
      initializer: null,
    };
    this.#strategies = new StrategySet(host, clusterStrategies(connection));
    const planner = new Planner(config, this.#arena, this.#strategies);
    this.#calls = new ClusterCalls(config, this.#arena, this.#strategies, planner, this.#reporter);
  }

  /** @internal */
  override get [BACKEND](): Calls {
    return this.#calls;
  }

  /** Counters over the life of this executor. */
  override get metrics(): Metrics {
    return this.#reporter.metrics;
  }

  /** How `mapShared` with the same arguments would run now, and on which nodes. Runs nothing. @throws as `mapShared` */
  override async explain<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    input: I,
    kernel: ChunkKernel<I, R, A, S, W>,
    options: CallOptions<A, S, W> = NO_OPTIONS,
  ): Promise<ClusterPlan> {
    const request = readCall(this.#calls, "mapShared", input, kernel, null, options);
    const nodes = Object.freeze([...(await this.#connection.look())]);
    const plan = this.#calls.explain(request) as plans.Plan<string> as plans.Plan<ClusterStrategyName>;
    const bytesPerNode = plan.bytesShared + plan.bytesToPlace;
    const table = [
      plan.toString(),
      `nodes  ${nodes.length}, ${nodes.map(({ host, threads }) => `${host} with ${threads} threads`).join(", ") || "none"}`,
      `bytes  at most ${bytesPerNode} to each node`,
    ].join("\n");
    return Object.freeze({ ...plan, nodes, bytesPerNode, toString: () => table });
  }

  /** Connects to the store now rather than at first need, and looks for nodes. @throws ClusterError */
  override async start(): Promise<void> {
    this.#calls.checkOpen("start");
    await this.#connection.look();
  }

  /** The nodes that serve the queue now. @throws ClusterError */
  async nodes(): Promise<readonly NodeStatus[]> {
    this.#calls.checkOpen("nodes");
    return this.#connection.look();
  }

  /** Aborts every call in progress: each rejects with `reason`, and nodes stop what they run of it. */
  override cancel(reason: unknown = cancelled()): void {
    this.#calls.cancel(reason);
  }

  /** Waits for the calls in progress, then ends the connection. Nodes go on. Idempotent. */
  shutdown(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#calls.close();
    await this.#strategies.terminate();
    this.#arena.trim();
  }

  /** The end of an `await using` block: aborts what is still running, and shuts down. */
  [Symbol.asyncDispose](): Promise<void> {
    this.cancel(stillRunning());
    return this.shutdown();
  }
}
