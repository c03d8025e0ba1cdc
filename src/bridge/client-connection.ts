/** The host as a client sees it. Sends calls, and hears of their progress, results and memory. */

import { stopOnAbort } from "../call/abort-and-progress.js";
import type { Backend, CallSettings } from "../call/backend.js";
import type { Outcome } from "../call/outcome.js";
import type { Request } from "../call/request.js";
import { ResultStream } from "../call/result-stream.js";
import type { RunningPass } from "../call/source-parts.js";
import type { StreamedResult } from "../call/types.js";
import { ConnectionError } from "../errors.js";
import { Arena } from "../memory/arena.js";
import { hostProfileOf } from "../plan/host-profile.js";
import { printable } from "../plan/make-plan.js";
import { ownItems, type PackedItems } from "../protocol/items.js";
import { packThrown } from "../protocol/thrown.js";
import type { Plan } from "../strategies/registry.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import type { MetricsSnapshot } from "../telemetry/metrics.js";
import { Answers } from "./answers.js";
import { CallPacker } from "./call-packer.js";
import { CallPort } from "./call-port.js";
import { ClientCall, led } from "./client-call.js";
import { ClientSources } from "./client-sources.js";
import { keepAlive } from "./endpoint.js";
import { unpackAnswer } from "./error-codec.js";
import { HostMemory } from "./host-memory.js";
import { type HostService, isToClient, type Settings, type ToClient, type ToHost } from "./messages.js";
import { type Methods, RemoteMethods } from "./remote-methods.js";
import { askedBy, packRequest } from "./wire.js";

const HOST_METHODS = ["explain", "metrics", "start"] as const;

export class ClientConnection implements Backend {
  readonly arena: Arena;
  readonly settings: CallSettings;
  readonly #control: MessagePort;
  readonly #port: CallPort<ToClient, ToHost>;
  /** Each pass is a call of its own to the host. */
  readonly runPasses: Backend["runPasses"] = (_header, _inputs, _tasks, passes) =>
    passes((pass) => this.run(pass));
  readonly #host: RemoteMethods<HostService>;
  /** Calls that have not ended. */
  readonly #running = new Set<ClientCall>();
  readonly #answers: Answers;
  /** Streams that wait for their loops. */
  readonly #unread = new Set<ClientCall>();
  /** For each question without an answer, what makes it reject. */
  readonly #asking = new Set<(error: ConnectionError) => void>();
  readonly #packer = new CallPacker();
  readonly #sources: ClientSources;
  readonly #hostMemory: HostMemory;
  #lastId = 0;
  /** Why nothing can be called any more. */
  #end: { readonly reason: "closed" | "lost"; readonly why: string } | undefined;

  /** @param control the port for questions to the host */
  constructor(control: MessagePort, settings: Settings) {
    this.#control = control;
    this.settings = settings.calls;
    this.#hostMemory = new HostMemory(
      this.#packer,
      (message) => this.#port.post(message),
      (memory) => this.arena.unheld(memory),
    );
    this.arena = new Arena(settings.maxSharedBytes, this.#hostMemory, settings.idleTimeout);
    this.#sources = new ClientSources(this, (pass, results) => this.#led(pass, results));
    this.#host = new RemoteMethods(control, HOST_METHODS);
    keepAlive(control, false);
    control.addEventListener("messageerror", () => this.#unasked());
    this.#port = new CallPort(settings.port, {
      isMessage: isToClient,
      onMessage: (message) => this.#receive(message),
      onUnreadable: (reason) => this.#answers.lose(reason),
      onEnd: () =>
        this.#finish("lost", "the thread that serves the executor has ended or has stopped serving it"),
    });
    this.#answers = new Answers(this.#port, this.#packer, (call, waits) => {
      if (waits) this.#unread.add(call);
      else this.#unread.delete(call);
      this.#keepAlive();
    });
  }

  checkOpen(call: string): void {
    if (this.#end === undefined) return;
    const { reason, why } = this.#end;
    throw new ConnectionError(reason, `Cannot call ${call}() as ${why}: connect anew`);
  }

  run(request: Request): Promise<Outcome> {
    return led(this.#perform(request));
  }

  stream(read: () => Request, source?: object): AsyncIterable<StreamedResult<unknown>> {
    return new ResultStream(async (streamBuffer, signal, onClosing) => {
      const request = read();
      if (source === undefined) return led(this.#perform(request, streamBuffer, signal));
      this.checkOpen(request.call);
      return this.#sources.run(request, source, streamBuffer, signal, onClosing);
    });
  }

  async explain(request: Request): Promise<Plan> {
    const data = unpackAnswer(
      await this.#ask("explain", (host) =>
        host.explain(request.kernel.address, packRequest(askedBy(request))),
      ),
    );
    return printable({ ...data, host: hostProfileOf(data.host) });
  }

  async metrics(): Promise<MetricsSnapshot> {
    return Object.freeze(await this.#ask("metrics", (host) => host.metrics()));
  }

  async start(): Promise<void> {
    unpackAnswer(await this.#ask("start", (host) => host.start()));
  }

  /** Every call that has not ended rejects with `reason`. */
  cancel(reason: unknown): void {
    this.#sources.stop(reason);
    for (const call of [...this.#running]) call.stop(reason);
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#finish("closed", "this client was closed");
  }

  #led(request: Request, streamBuffer: StreamBuffer): RunningPass {
    const call = this.#perform(request, streamBuffer);
    return { ended: led(call), stop: (reason) => call.stop(reason) };
  }

  #perform(request: Request, streamBuffer?: StreamBuffer, ownSignal?: AbortSignal): ClientCall {
    this.checkOpen(request.call);
    const signals = [request.options.signal, ownSignal].filter((signal) => signal !== undefined);
    for (const each of signals) each.throwIfAborted();
    this.#lastId += 1;
    const onEnd = (): void => {
      for (const end of unwatch) end();
      this.#running.delete(call);
      this.#unread.delete(call);
      this.#keepAlive();
    };
    const call = new ClientCall(this.#lastId, request, this.arena, streamBuffer, onEnd, (reason) => {
      if (!call.isOut || this.#end !== undefined) return;
      const isLeft = ownSignal?.aborted === true && reason === ownSignal.reason;
      this.#port.post(["cancel", call.id, isLeft ? null : packThrown(reason)]);
    });
    this.#running.add(call);
    request.jobs?.onRun(call);
    this.#keepAlive();
    const unwatch = signals.map((each) => stopOnAbort(call, each));
    this.#send(call);
    return call;
  }

  /** Makes a promise only if there is something to wait for. */
  #send(call: ClientCall): void {
    // Dropped once the host no longer touches the memory.
    call.lease.hold();
    const fail = (error: unknown): void => {
      call.lease.drop();
      call.fail(error);
    };
    try {
      const { items } = call.request;
      const placing = call.place();
      if (placing === undefined) {
        this.#post(call, items);
        return;
      }
      const kept = ownItems(items);
      placing.then(() => this.#post(call, kept)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #post(call: ClientCall, items: PackedItems | undefined): void {
    if (call.hasEnded) {
      call.lease.drop();
      return;
    }
    try {
      this.#port.post([call.streamBuffer === undefined ? "run" : "stream", this.#packer.pack(call, items)]);
    } catch (error) {
      this.#packer.reset();
      throw error;
    }
    call.sentAs = this.#port.posted;
    call.isOut = true;
    this.#answers.expect(call);
    this.#port.look();
  }

  #receive(message: ToClient): void {
    if (message[0] === "unasked") this.#unasked();
    else if (message[0] === "collected") this.#hostMemory.collected(message[1]);
    else this.#answers.receive(message);
  }

  /** A question, or the answer to it, could not be read. */
  #unasked(): void {
    const why = "one of the threads could not read a message";
    const error = new ConnectionError("lost", `Cannot ask the host as ${why}`);
    for (const giveUp of this.#asking) giveUp(error);
  }

  /** Asks the host for something that takes no memory. */
  async #ask<T>(call: string, send: (host: Methods<HostService>) => Promise<T>): Promise<T> {
    this.checkOpen(call);
    const host = this.#host.methods as Methods<HostService>;
    let giveUp!: (error: ConnectionError) => void;
    const answer = new Promise<T>((resolve, reject) => {
      giveUp = reject;
      send(host).then(resolve, reject);
    });
    this.#asking.add(giveUp);
    this.#keepAlive();
    try {
      return await answer;
    } finally {
      this.#asking.delete(giveUp);
      this.#keepAlive();
    }
  }

  /** A client that waits for the host keeps its thread alive. */
  #keepAlive(): void {
    this.#port.isNeeded = this.#running.size > this.#unread.size || this.#asking.size > 0;
  }

  /** No call will be answered any more. Somebody may still touch their memory, so it is let go for good. */
  #finish(reason: "closed" | "lost", why: string): void {
    if (this.#end !== undefined) return;
    this.#end = { reason, why };
    this.#host.release();
    const error = new ConnectionError(reason, `Cannot finish the call as ${why}`);
    this.cancel(error);
    for (const giveUp of this.#asking) giveUp(error);
    this.#answers.end();
    this.#hostMemory.end();
    this.arena.retire();
    this.#control.close();
    this.#port.close();
  }
}
