/** One client as the host sees it: runs its calls, and keeps what it holds here. */
import { expose, finalizer } from "comlink";
import { BACKEND, type Backend, type Executor } from "../abstract-executor.js";
import { ConnectionError } from "../errors.js";
import { Lease } from "../memory/lease.js";
import { unpackPlaces } from "../protocol/descriptor.js";
import { unpackThrown } from "../protocol/thrown.js";
import type { Request } from "../request.js";
import { importKernel } from "../worker/import-kernel.js";
import { keepAlive } from "./endpoint.js";
import { answer } from "./errors.js";
import { FarSide } from "./far-side.js";
import type { CallAnswer, ClientService, HostService } from "./protocol.js";
import { relay } from "./relay.js";
import type { Lane } from "./turns.js";
import { packValues, type WireValues } from "./values.js";
import { NO_PARTS, unpackRequest, type WireCall } from "./wire.js";

const CLIENT_METHODS = ["progress", "results", "released"] as const;

const NO_VALUES: WireValues = [];

export class HostConnection {
  readonly #executor: Executor;
  readonly #backend: Backend;
  readonly #port: MessagePort;
  readonly #lane: Lane;
  readonly #onClosed: () => void;
  readonly #client: FarSide<ClientService>;
  /** The client's memory, as long as the client has it. One handle for each, so that workers know it again. */
  readonly #memory = new Map<number, SharedArrayBuffer>();
  readonly #calls = new Map<number, HostCall>();
  #isClosed = false;

  constructor(executor: Executor, port: MessagePort, lane: Lane, onClosed: () => void) {
    this.#executor = executor;
    this.#backend = executor[BACKEND];
    this.#port = port;
    this.#lane = lane;
    this.#onClosed = onClosed;
    port.addEventListener("close", () => this.close());
    this.#client = new FarSide(port, CLIENT_METHODS);
    expose({ ...this.#service(), [finalizer]: () => this.close() }, port);
    // Calls that run keep the process alive, clients that might make some do not.
    keepAlive(port, false);
  }

  /** Aborts the client's calls and lets go of everything that it held here. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.leave();
    this.#port.close();
    const gone = new ConnectionError("closed", "The call was aborted as the client that made it has gone");
    for (const call of this.#calls.values()) call.stop(gone);
    this.#memory.clear();
    this.#onClosed();
  }

  #service(): HostService {
    return {
      run: (call) => {
        return this.#answer(call, async (request, { stopped }) => {
          const end = await this.#lane.enter(stopped);
          try {
            return packValues((await this.#backend.run(request)).values);
          } finally {
            end();
          }
        });
      },
      // Not in turn: a loop may make calls, for which the stream would wait and they for it. Its reader bounds a stream.
      stream: (call) => {
        return this.#answer(call, async (request, { left }) => {
          const { id } = call;
          await relay(
            this.#backend.stream(() => request),
            async (batch) => this.#client.methods?.results(id, batch),
            left,
          );
          return NO_VALUES;
        });
      },
      cancel: (id, reason) => {
        if (reason === null) this.#calls.get(id)?.leave();
        else this.#calls.get(id)?.stop(unpackThrown(reason));
      },
      forget: (memory) => {
        for (const id of memory) this.#memory.delete(id);
      },
      explain: (wire) => {
        return answer(async () => {
          const { toString: _print, ...data } = await this.#backend.explain(
            unpackRequest(wire, NO_PARTS, importKernel),
          );
          return data;
        });
      },
      metrics: () => this.#executor.metrics.snapshot(),
      start: () => answer(() => this.#executor.start()),
    };
  }

  async #answer(
    call: WireCall,
    run: (request: Request, call: HostCall) => Promise<WireValues>,
  ): Promise<CallAnswer> {
    const { id, holdsMemory } = call;
    let released: boolean | null = null;
    let isAwaited = false;
    const lease = new Lease(this.#backend.arena, (isSafe) => {
      released = isSafe;
      if (isAwaited) void this.#client.methods?.released(id, isSafe);
    });
    const running = new HostCall();
    this.#calls.set(id, running);
    const answered = await answer(async () => run(this.#open(call, lease, running.stopped), running));
    this.#calls.delete(id);
    lease.drop();
    // Of a call that has succeeded no task runs any more, so arrays that the client shares with others need no word.
    if ("value" in answered && !holdsMemory) return { answer: answered, released: true };
    isAwaited = true;
    return { answer: answered, released };
  }

  #open(call: WireCall, lease: Lease, signal: AbortSignal): Request {
    const { id, request, items, places, handles, clearOutputs, wantsProgress } = call;
    for (const [memory, buffer] of handles ?? []) this.#memory.set(memory, buffer);
    const arrays = unpackPlaces(places, (memory) => this.#memory.get(memory) as SharedArrayBuffer);
    const inputs = arrays.length - (request.outputs?.kinds.length ?? 0);
    const guest = { outputs: arrays.slice(inputs), clearOutputs, lease };
    const onProgress = wantsProgress
      ? (progress: Parameters<ClientService["progress"]>[1]) =>
          void this.#client.methods?.progress(id, progress)
      : undefined;
    const parts = { arrays: arrays.slice(0, inputs), items, guest, signal, onProgress };
    return unpackRequest(request, parts, importKernel);
  }
}

/** What the client can do to a call of its that runs. */
class HostCall {
  readonly #stop = new AbortController();
  /** Made for streams alone: it takes several microseconds. */
  #leave: AbortController | undefined;

  /** The call was aborted. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Nobody reads the stream any more, whether it was aborted or its loop was left. */
  get left(): AbortSignal {
    this.#leave ??= new AbortController();
    return this.#leave.signal;
  }

  stop(reason: unknown): void {
    this.#stop.abort(reason);
    this.#leave?.abort(reason);
  }

  leave(): void {
    this.#leave?.abort();
  }
}
