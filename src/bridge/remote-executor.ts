/** The executor of another thread, with the calls of an executor of this one. */

import type { Backend } from "../call/backend.js";
import type { CallOptions, ChunkKernel, WritableArrays } from "../call/types.js";
import { cancelled } from "../executor/cancel-reasons.js";
import { BACKEND, Executor, JOBS, readCall } from "../executor/executor.js";
import type { Input } from "../memory/inputs.js";
import type { Plan } from "../strategies/registry.js";
import type { MetricsSnapshot } from "../telemetry/metrics.js";
import type { ClientConnection } from "./client-connection.js";

/**
 * A client of an executor that another thread serves. `share`, `allocate` and `memory` are about this thread's own shared memory, in
 * which calls place their arrays, too. `metrics`, `explain` and `start` ask the other thread.
 */
export class RemoteExecutor extends Executor implements Disposable {
  readonly #connection: ClientConnection;
  /** Counters over the life of the executor, over all of its clients. */
  readonly metrics: { snapshot(): Promise<MetricsSnapshot> };

  /** @internal */
  constructor(connection: ClientConnection) {
    super();
    this.#connection = connection;
    this.metrics = { snapshot: () => connection.metrics() };
  }

  /** @internal */
  override get [BACKEND](): Backend {
    return this.#connection;
  }

  /** How the executor would run `mapShared` with the same arguments now, once they are placed. Runs nothing. */
  override async explain<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(input: I, kernel: ChunkKernel<I, R, A, S, W>, options: CallOptions<A, S, W> = {}): Promise<Plan> {
    const request = readCall(this.#connection, "mapShared", input, kernel, null, options);
    return this.#connection.explain(request);
  }

  /** Starts the executor's pool now rather than at first need. @throws WorkerLostError, ConnectionError */
  override start(): Promise<void> {
    return this.#connection.start();
  }

  /** Aborts every call in progress of this client. Calls of other clients go on. */
  override cancel(reason: unknown = cancelled()): void {
    this[JOBS]?.cancel(reason);
    this.#connection.cancel(reason);
  }

  /**
   * Ends the connection. Calls in progress reject with a `ConnectionError`, and the other thread lets go of everything that it had for
   * them. What `share`, `allocate` and `transformShared` gave stays valid. Idempotent.
   */
  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
