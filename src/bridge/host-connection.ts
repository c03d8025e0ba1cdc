/** One client as the host sees it. Runs its calls, and keeps what it has on this side. */
import { expose, finalizer } from "comlink";
import type { Backend } from "../call/backend.js";
import type { Request } from "../call/request.js";
import type { StreamedResult } from "../call/types.js";
import { ConnectionError, type PartialResults } from "../errors.js";
import { BACKEND, type Executor } from "../executor/executor.js";
import { kernelAt } from "../kernel/resolve.js";
import { unpackThrown } from "../protocol/thrown.js";
import { CallPort } from "./call-port.js";
import { CallUnpacker } from "./call-unpacker.js";
import { keepAlive } from "./endpoint.js";
import { answer, packFailure } from "./error-codec.js";
import type { Lane } from "./fair-queue.js";
import { guarded } from "./guarded.js";
import { HostCall } from "./host-call.js";
import { type HostService, isToHost, type Known, type ToClient, type ToHost } from "./messages.js";
import { sendInBatches } from "./stream-batches.js";
import { packValues } from "./values.js";
import { NO_PARTS, unpackRequest, type WireCall } from "./wire.js";

export class HostConnection {
  readonly #executor: Executor;
  readonly #backend: Backend;
  readonly #control: MessagePort;
  readonly #port: CallPort<ToHost, ToClient>;
  readonly #lane: Lane;
  readonly #onClosed: () => void;
  readonly #unpacker = new CallUnpacker();
  readonly #calls = new Map<number, HostCall>();
  /** Calls that have ended and whose memory may still be touched. */
  readonly #held = new Set<number>();
  #isClosed = false;

  /** @param control the port for the client's questions @param port the port for its calls */
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
    // Running calls keep the process alive. Clients that might make calls do not.
    keepAlive(control, false);
  }

  /** Aborts the client's calls, and lets go of everything that the client had here. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#control.close();
    this.#port.close();
    const gone = new ConnectionError("closed", "The call was aborted as the client that made it has gone");
    for (const call of this.#calls.values()) call.stop(gone);
    this.#unpacker.clear();
    this.#onClosed();
  }

  #service(): HostService {
    return {
      explain: (address, wire) => {
        return answer(async () => {
          const request = unpackRequest(wire, kernelAt(address), NO_PARTS);
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
      // No client posts this. Other code that has its port harms only that client.
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
        if (reason === null) this.#calls.get(id)?.leaveStream();
        else this.#calls.get(id)?.stop(unpackThrown(reason));
        break;
      }
      case "forget":
        this.#unpacker.forget(message[1]);
        break;
      case "collect":
        void this.#backend.arena.collect().then(() => this.#port.post(["collected", message[1]]));
        break;
      case "unread":
        this.#tell(false);
    }
  }

  /** A message of the client could not be read. Later ones may rest on it. */
  #lost(): void {
    this.#unpacker.lost();
    this.#tell(true);
  }

  /** Tells the client what it must know about lost messages. */
  #tell(hasUnread: boolean): void {
    const running: Known["running"][number][] = [];
    for (const { id, batches, lastSent } of this.#calls.values()) running.push([id, batches, lastSent]);
    const { heard } = this.#port;
    this.#port.post(["known", { heard, hasUnread, running, held: [...this.#held] }]);
  }

  #run(wire: WireCall): void {
    const call = this.#open(wire, (reason) => {
      if (this.#lane.withdraw(begin)) this.#failed(call, reason);
    });
    const request = this.#unpack(wire, call);
    if (request === undefined) return;
    const begin = async (): Promise<void> => {
      try {
        // Not at once, even if the call has ended: waiting calls would be started one inside the other.
        const { values } = await this.#backend.run(request);
        this.#done(call, values);
      } catch (error) {
        this.#failed(call, error);
      }
      this.#lane.ended();
    };
    this.#lane.enter(begin);
  }

  /** Streams do not queue. A loop over one may make calls, and each would wait for the other. A stream is bounded by its reader. */
  #stream(wire: WireCall): void {
    const call = this.#open(wire, () => {});
    const request = this.#unpack(wire, call);
    if (request === undefined) return;
    const send = async (batch: readonly StreamedResult<unknown>[]): Promise<void> => {
      const isAgain = await this.#sendBatch(call, batch);
      if (isAgain) for (const result of batch) await this.#sendBatch(call, [result]);
    };
    sendInBatches(
      this.#backend.stream(() => request),
      send,
      call.left,
    ).then(
      () => this.#done(call, []),
      (error: unknown) => this.#failed(call, error),
    );
  }

  /** @returns whether the client could not read the batch, and wants its results one by one */
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

  /** @returns `undefined` if the call cannot be understood; then it has failed, and no other call has */
  #unpack(wire: WireCall, call: HostCall): Request | undefined {
    try {
      return this.#unpacker.unpack(wire, call, (progress) =>
        this.#port.post(["progress", call.id, progress]),
      );
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
      // The partial results may be too much for a message.
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
