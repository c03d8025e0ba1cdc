/** One client as the host sees it: runs its calls, and keeps what it holds here. */
import { expose, finalizer } from "comlink";
import type { Backend } from "../call/backend.js";
import type { Request } from "../call/request.js";
import type { StreamedResult } from "../call/types.js";
import { ConnectionError, type PartialResults } from "../errors.js";
import { BACKEND, type Executor } from "../executor/executor.js";
import { importKernel } from "../kernel/module/import-kernel.js";
import { type Kernel, kernelAt } from "../kernel/resolve.js";
import { RecentMap } from "../platform/recent-map.js";
import { unpackThrown } from "../protocol/thrown.js";
import { MOST_HOST_KERNELS } from "./call-packer.js";
import { CallPort } from "./call-port.js";
import { keepAlive } from "./endpoint.js";
import { answer, packFailure } from "./error-codec.js";
import type { Lane } from "./fair-queue.js";
import { guarded } from "./guarded.js";
import { HostCall } from "./host-call.js";
import { type HostService, isToHost, type Known, type ToClient, type ToHost } from "./messages.js";
import { relay } from "./stream-batches.js";
import { packValues } from "./values.js";
import {
  NO_PARTS,
  type Parts,
  unpackArrays,
  unpackItems,
  unpackRequest,
  type WireCall,
  type WireRequest,
} from "./wire.js";

export class HostConnection {
  readonly #executor: Executor;
  readonly #backend: Backend;
  readonly #control: MessagePort;
  readonly #port: CallPort<ToHost, ToClient>;
  readonly #lane: Lane;
  readonly #onClosed: () => void;
  /** The client's memory, as long as the client has it. One handle for each, so that workers know it again. */
  readonly #memory = new Map<number, SharedArrayBuffer>();
  /** Its kernels, by their numbers on its side. */
  readonly #kernels = new RecentMap<number, Kernel>(MOST_HOST_KERNELS);
  readonly #calls = new Map<number, HostCall>();
  /** Calls that have ended and whose memory may still be touched. */
  readonly #held = new Set<number>();
  #lastRequest: WireRequest | undefined;
  #isClosed = false;

  /** @param control where the client asks @param port where its calls come */
  constructor(executor: Executor, control: MessagePort, port: MessagePort, lane: Lane, onClosed: () => void) {
    this.#executor = executor;
    this.#backend = executor[BACKEND];
    this.#control = control;
    this.#lane = lane;
    this.#onClosed = onClosed;
    this.#port = new CallPort(port, {
      isMessage: isToHost,
      onMessage: (message) => this.#receive(message),
      onUnreadable: () => this.#lost(),
      onEnd: () => this.close(),
    });
    const service = this.#service();
    expose({ ...service, [finalizer]: () => this.close() }, guarded(control, Object.keys(service)));
    control.addEventListener("messageerror", () => this.#port.post(["unasked"]));
    // Calls that run keep the process alive, clients that might make some do not.
    keepAlive(control, false);
  }

  /** Aborts the client's calls and lets go of everything that it held here. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#control.close();
    this.#port.close();
    const gone = new ConnectionError("closed", "The call was aborted as the client that made it has gone");
    for (const call of this.#calls.values()) call.stop(gone);
    this.#memory.clear();
    this.#onClosed();
  }

  #service(): HostService {
    return {
      explain: (address, wire) => {
        return answer(async () => {
          const request = unpackRequest(wire, kernelAt(address, importKernel), NO_PARTS);
          const { toString: _print, ...data } = await this.#backend.explain(request);
          return data;
        });
      },
      metrics: () => this.#executor.metrics.snapshot(),
      start: () => answer(() => this.#executor.start()),
    };
  }

  #receive(message: ToHost): void {
    try {
      this.#understand(message);
    } catch {
      // Nothing that a client posts. Whoever else has its port harms nobody but that client.
    }
  }

  #understand(message: ToHost): void {
    switch (message[0]) {
      case "run":
        this.#run(message[1]);
        break;
      case "stream":
        this.#stream(message[1]);
        break;
      case "taken":
        this.#calls.get(message[1])?.onAnswer?.(false);
        break;
      case "again":
        this.#calls.get(message[1])?.sendsAgain();
        break;
      case "cancel": {
        const [, id, reason] = message;
        if (reason === null) this.#calls.get(id)?.leave();
        else this.#calls.get(id)?.stop(unpackThrown(reason));
        break;
      }
      case "forget":
        for (const id of message[1]) this.#memory.delete(id);
        break;
      case "collect":
        void this.#backend.arena.collect().then(() => this.#port.post(["collected", message[1]]));
        break;
      case "unread":
        this.#tell(false);
    }
  }

  /** A message of the client could not be read. What later ones rest on may have been in it. */
  #lost(): void {
    this.#lastRequest = undefined;
    this.#tell(true);
  }

  /** Tells the client what it has to know about messages that were lost. */
  #tell(hasUnread: boolean): void {
    const running: Known["running"][number][] = [];
    for (const { id, batches, lastSent } of this.#calls.values()) running.push([id, batches, lastSent]);
    const { heard } = this.#port;
    this.#port.post(["known", { heard, hasUnread, running, held: [...this.#held] }]);
  }

  #run(wire: WireCall): void {
    const call = this.#open(wire, (reason) => {
      if (this.#lane.leave(begin)) this.#failed(call, reason);
    });
    const request = this.#unpack(wire, call);
    if (request === undefined) return;
    const begin = async (): Promise<void> => {
      try {
        // Not at once, even where the call has ended: those that wait would be started one inside the other.
        const { values } = await this.#backend.run(request);
        this.#done(call, values);
      } catch (error) {
        this.#failed(call, error);
      }
      this.#lane.ended();
    };
    this.#lane.enter(begin);
  }

  /** Not in turn: a loop may make calls, for which the stream would wait and they for it. Its reader bounds a stream. */
  #stream(wire: WireCall): void {
    const call = this.#open(wire, () => {});
    const request = this.#unpack(wire, call);
    if (request === undefined) return;
    const send = async (batch: readonly StreamedResult<unknown>[]): Promise<void> => {
      const isAgain = await this.#sendBatch(call, batch);
      if (isAgain) for (const result of batch) await this.#sendBatch(call, [result]);
    };
    relay(
      this.#backend.stream(() => request),
      send,
      call.left,
    ).then(
      () => this.#done(call, []),
      (error: unknown) => this.#failed(call, error),
    );
  }

  /** @returns whether the client could not read it, and wants its results one by one */
  #sendBatch(call: HostCall, batch: readonly StreamedResult<unknown>[]): Promise<boolean> {
    return new Promise((resolve) => {
      call.onAnswer = resolve;
      call.sends(batch);
      this.#port.post(["results", call.id, batch]);
    });
  }

  #open(wire: WireCall, onStop: (reason: unknown) => void): HostCall {
    const [id, holdsMemory] = wire;
    const { arena } = this.#backend;
    const onReleased = (isSafe: boolean): void => {
      this.#held.delete(id);
      this.#port.post(["released", id, isSafe]);
    };
    const call = new HostCall(id, holdsMemory, arena, onReleased, onStop);
    this.#calls.set(id, call);
    return call;
  }

  /** @returns undefined where it is not to be understood: then the call has failed, and nobody else's has */
  #unpack(wire: WireCall, call: HostCall): Request | undefined {
    const [id, , kernel, address, request, items, places, outputs, clearOutputs, handles, wantsProgress] =
      wire;
    if (request !== null) this.#lastRequest = request;
    try {
      if (address !== null) this.#kernels.set(kernel, kernelAt(address, importKernel));
      if (handles !== null) for (const [memory, buffer] of handles) this.#memory.set(memory, buffer);
      const arrays = unpackArrays(places, (memory) => known(this.#memory, memory));
      const inputs = arrays.length - outputs;
      const parts: Parts = {
        arrays: arrays.slice(0, inputs),
        items: unpackItems(items),
        guest: {
          outputs: arrays.slice(inputs),
          clearOutputs,
          lease: call.lease,
          onRun: (job) => call.runs(job),
        },
        onProgress: wantsProgress ? (progress) => this.#port.post(["progress", id, progress]) : undefined,
      };
      if (this.#lastRequest === undefined) throw missing();
      return unpackRequest(this.#lastRequest, known(this.#kernels, kernel), parts);
    } catch (error) {
      this.#failed(call, error);
      return undefined;
    }
  }

  #done(call: HostCall, values: readonly unknown[]): void {
    // A call that writes arrays has no values.
    const apart = values.length === 0 ? [] : call.apart;
    try {
      for (const index of apart) this.#port.post(["value", call.id, index, values[index]]);
      const packed = packValues(apart.length === 0 ? values : without(values, apart));
      this.#port.post(["done", call.id, this.#end(call, true), packed, apart]);
      this.#port.look();
    } catch (error) {
      this.#failed(call, error);
    }
  }

  #failed(call: HostCall, error: unknown): void {
    const isReleased = this.#end(call, false);
    try {
      const values = (error as { readonly partial?: PartialResults } | undefined)?.partial?.values;
      const apart = call.apart.filter((index) => values?.has(index) === true);
      for (const index of apart) this.#port.post(["value", call.id, index, values?.get(index)]);
      this.#port.post(["failed", call.id, isReleased, packFailure(error, apart)]);
    } catch (cause) {
      // What had ended may be too much for a message.
      this.#port.post([
        "failed",
        call.id,
        isReleased,
        packFailure(new Error("The error cannot be sent", { cause })),
      ]);
    }
  }

  /** @returns see `HostCall.end` */
  #end(call: HostCall, hasSucceeded: boolean): boolean | null {
    this.#calls.delete(call.id);
    const isReleased = call.end(hasSucceeded);
    if (isReleased === null) this.#held.add(call.id);
    return isReleased;
  }
}

function without(values: readonly unknown[], indices: readonly number[]): unknown[] {
  const rest = [...values];
  for (const index of indices) rest[index] = null;
  return rest;
}

function known<V>(map: { get(id: number): V | undefined }, id: number): V {
  const value = map.get(id);
  if (value === undefined) throw missing();
  return value;
}

/** What a call rests on came with an earlier one, which could not be read. */
function missing(): ConnectionError {
  return new ConnectionError(
    "lost",
    "Cannot run the call as the host could not read a message that came before it",
  );
}
