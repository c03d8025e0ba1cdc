/** The host's side: answers clients that want to be served. */

import { quote } from "../errors.js";
import { BACKEND } from "../executor/executor.js";
import type { ParallelExecutor } from "../executor/parallel-executor.js";
import { newChannel } from "../platform/builtins.js";
import { checkEndpoint, type Endpoint, listen } from "./endpoint.js";
import { FairQueue } from "./fair-queue.js";
import { HostConnection } from "./host-connection.js";
import { isHello, isSameRelease, RELEASE, type Settings, type Welcome } from "./messages.js";
import { readOption } from "./options.js";

export interface ServeOptions {
  /**
   * Calls that one client may have running at once. More of them wait, in the order in which they were made. Streams do not count.
   * Default: no limit.
   */
  readonly maxCalls?: number | undefined;
}

/** An executor being served on an endpoint. */
export interface ExecutorService extends Disposable {
  /** Clients that are connected. */
  readonly connections: number;
  /** Stops serving: every client's calls are aborted and reject with a `ConnectionError`. Idempotent. */
  close(): void;
}

// One call that runs, and one that is ready when it ends.
const PLACES_PER_WORKER = 2;

/** The queue of each executor: all of its clients take turns, from all endpoints. */
const queueOf = new WeakMap<ParallelExecutor, FairQueue>();
const served = new WeakSet<Endpoint>();

/**
 * Lets threads at the other end of `endpoint` use `executor`, each by `connectExecutor`. Serving lasts until the service or the
 * endpoint is closed. The executor itself stays this thread's.
 * @throws TypeError, ConfigurationError
 */
export function serveExecutor(
  executor: ParallelExecutor,
  endpoint: Endpoint,
  options: ServeOptions = {},
): ExecutorService {
  checkExecutor(executor);
  checkEndpoint(endpoint, "serveExecutor", [
    ["on", "off"],
    ["addEventListener", "removeEventListener"],
  ]);
  const maxCalls = readOption<number>(options, "serveExecutor", "maxCalls", "maxWorkers");
  if (served.has(endpoint)) {
    throw new TypeError(
      "Cannot serve an executor on this endpoint as it serves one already: close that service first",
    );
  }
  return new Service(executor, endpoint, maxCalls ?? Number.POSITIVE_INFINITY);
}

class Service implements ExecutorService {
  readonly #executor: ParallelExecutor;
  readonly #maxCalls: number;
  readonly #queue: FairQueue;
  readonly #connections = new Set<HostConnection>();
  readonly #stopListening: () => void;

  constructor(executor: ParallelExecutor, endpoint: Endpoint, maxCalls: number) {
    this.#executor = executor;
    this.#maxCalls = maxCalls;
    let queue = queueOf.get(executor);
    if (queue === undefined) {
      queue = new FairQueue(PLACES_PER_WORKER * executor.config.maxWorkers);
      queueOf.set(executor, queue);
    }
    this.#queue = queue;
    served.add(endpoint);
    const stop = listen(
      endpoint,
      (data) => this.#receive(data),
      // Connections go on: they have ports of their own, which other threads may have by now.
      () => this.#stopListening(),
    );
    this.#stopListening = () => {
      served.delete(endpoint);
      stop();
    };
  }

  get connections(): number {
    return this.#connections.size;
  }

  close(): void {
    this.#stopListening();
    for (const connection of [...this.#connections]) connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(data: unknown): void {
    if (!isHello(data)) return;
    const { port } = data;
    if (!isSameRelease(data)) {
      port.postMessage({ ...RELEASE, settings: null } satisfies Welcome);
      port.close();
      return;
    }
    const { port1, port2 } = newChannel();
    port.postMessage({ ...RELEASE, settings: this.#settings(port2) } satisfies Welcome, [port2]);
    this.#connect(port, port1);
  }

  #connect(control: MessagePort, port: MessagePort): void {
    const lane = this.#queue.lane(this.#maxCalls);
    const connection = new HostConnection(this.#executor, control, port, lane, () => {
      this.#queue.remove(lane);
      this.#connections.delete(connection);
    });
    this.#connections.add(connection);
  }

  #settings(port: MessagePort): Settings {
    const { maxSharedBytes, idleTimeout } = this.#executor.config;
    return { port, calls: this.#executor[BACKEND].settings, maxSharedBytes, idleTimeout };
  }
}

function checkExecutor(executor: unknown): void {
  const isOne =
    typeof executor === "object" && executor !== null && BACKEND in executor && "config" in executor;
  if (isOne) return;
  throw new TypeError(
    `Cannot serve the executor as it must be a ParallelExecutor of this thread: current value is ${quote(executor)}`,
  );
}
