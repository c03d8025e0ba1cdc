/** The host as a client sees it: sends calls, and hears of their progress, results and memory. */
import { expose } from "comlink";
import { type Backend, type CallSettings, named, type Outcome } from "../abstract-executor.js";
import type { Progress, StreamedResult } from "../calls.js";
import type { Backlog } from "../dispatch/backlog.js";
import { ConnectionError } from "../errors.js";
import { Arena } from "../memory/arena.js";
import type { Place } from "../memory/placement.js";
import { hostProfileOf } from "../plan/host-profile.js";
import { printable } from "../plan/make-plan.js";
import type { Plan } from "../plan/plan.js";
import { packPlaces } from "../protocol/descriptor.js";
import { packThrown } from "../protocol/thrown.js";
import type { Request } from "../request.js";
import { ResultStream } from "../stream.js";
import type { MetricsSnapshot } from "../telemetry/metrics.js";
import { stopOnAbort } from "../watch.js";
import { ClientCall } from "./client-call.js";
import { keepAlive } from "./endpoint.js";
import { unpackAnswer } from "./errors.js";
import { FarSide, type Methods } from "./far-side.js";
import type { CallAnswer, ClientService, HostService, Settings } from "./protocol.js";
import { unpackValues } from "./values.js";
import { compact, packRequest, type WireCall } from "./wire.js";

const HOST_METHODS = ["run", "stream", "cancel", "forget", "explain", "metrics", "start"] as const;

export class ClientConnection implements Backend {
  readonly arena: Arena;
  readonly settings: CallSettings;
  readonly #port: MessagePort;
  readonly #host: FarSide<HostService>;
  /** Calls that have not ended. */
  readonly #running = new Set<ClientCall>();
  /** Calls that the host knows of, by their numbers: those, and the ones whose memory it may still touch. */
  readonly #out = new Map<number, ClientCall>();
  /** Streams that wait for their loops. */
  readonly #unread = new Set<ClientCall>();
  /** Questions that have no answer yet: what makes each of them reject. */
  readonly #asking = new Set<(error: ConnectionError) => void>();
  /** Memory that the host has a handle of. */
  readonly #known = new Set<number>();
  #gone: number[] = [];
  #lastId = 0;
  /** Why nothing can be called any more. */
  #end: { readonly reason: "closed" | "lost"; readonly why: string } | undefined;

  constructor(port: MessagePort, settings: Settings) {
    this.#port = port;
    this.settings = settings.calls;
    this.arena = new Arena(settings.maxSharedBytes, (memory) => this.#forget(memory), settings.idleTimeout);
    this.#host = new FarSide(port, HOST_METHODS);
    expose(this.#service(), port);
    port.addEventListener("close", () => {
      this.#finish("lost", "the thread that serves the executor has ended or has stopped serving it");
    });
    keepAlive(port, false);
  }

  checkOpen(call: string): void {
    if (this.#end === undefined) return;
    const { reason, why } = this.#end;
    throw new ConnectionError(reason, `Cannot call ${call}() as ${why}: connect anew`);
  }

  run(request: Request): Promise<Outcome> {
    return this.#perform(request);
  }

  stream(read: () => Request): AsyncIterable<StreamedResult<unknown>> {
    return new ResultStream(async (backlog, signal) => this.#perform(read(), backlog, signal));
  }

  async explain(request: Request): Promise<Plan> {
    const data = unpackAnswer(await this.#ask("explain", (host) => host.explain(packRequest(request))));
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
    for (const call of [...this.#running]) call.stop(reason);
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#finish("closed", "this client was closed");
    this.#port.close();
  }

  async #perform(request: Request, backlog?: Backlog, ownSignal?: AbortSignal): Promise<Outcome> {
    this.checkOpen(request.call);
    const signals = [request.options.signal, ownSignal].filter((signal) => signal !== undefined);
    for (const each of signals) each.throwIfAborted();
    this.#lastId += 1;
    const call = new ClientCall(this.#lastId, request, this.arena, backlog, (reason) => {
      if (!call.isOut) return;
      const isLeft = ownSignal?.aborted === true && reason === ownSignal.reason;
      void this.#host.methods?.cancel(call.id, isLeft ? null : packThrown(reason));
    });
    this.#running.add(call);
    this.#keepAlive();
    const unwatch = signals.map((each) => stopOnAbort(call, each));
    try {
      return await Promise.race([this.#send(call), call.stopped]);
    } finally {
      for (const end of unwatch) end();
      this.#running.delete(call);
      this.#unread.delete(call);
      this.#keepAlive();
      call.lease.drop();
    }
  }

  async #send(call: ClientCall): Promise<Outcome> {
    // Dropped by the host once the call is out.
    call.lease.hold();
    let wire: WireCall;
    try {
      const places = await call.place();
      if (call.isStopped) return await call.stopped;
      wire = this.#pack(call, places);
    } catch (error) {
      call.lease.drop();
      throw error;
    }
    call.isOut = true;
    this.#out.set(call.id, call);
    const host = this.#open(call.request.call);
    const send = call.backlog === undefined ? host.run : host.stream;
    const { answer, released }: CallAnswer = await send(wire);
    if (released !== null) this.#released(call.id, released);
    if (call.isStopped) return call.stopped;
    const names = call.request.outputs?.names;
    const written = () => (names === undefined ? undefined : named(names, call.outputs()));
    const values = unpackValues(unpackAnswer(answer, written));
    return { values, outputs: call.outputs() };
  }

  #pack(call: ClientCall, places: readonly Place[]): WireCall {
    const { request } = call;
    const handles = new Map<number, SharedArrayBuffer>();
    for (const { memory, buffer } of places) {
      if (this.#known.has(memory)) continue;
      this.#known.add(memory);
      handles.set(memory, buffer);
    }
    return {
      id: call.id,
      request: packRequest(request),
      items: compact(request.items),
      places: packPlaces(places),
      clearOutputs: call.clearOutputs,
      handles: handles.size === 0 ? null : handles,
      wantsProgress: request.options.onProgress !== undefined,
      holdsMemory: call.holdsMemory,
    };
  }

  #service(): ClientService {
    return {
      progress: (id, progress) => this.#progress(id, progress),
      results: (id, results) => this.#results(id, results),
      released: (id, isSafe) => this.#released(id, isSafe),
    };
  }

  async #results(id: number, results: readonly StreamedResult<unknown>[]): Promise<void> {
    const call = this.#out.get(id);
    if (call?.backlog === undefined || !this.#running.has(call)) return;
    for (const { index, value } of results) call.backlog.receive(index, value);
    this.#unread.add(call);
    this.#keepAlive();
    await call.backlog.emptied();
    this.#unread.delete(call);
    this.#keepAlive();
  }

  #progress(id: number, progress: Progress): void {
    const call = this.#out.get(id);
    if (call === undefined || !this.#running.has(call)) return;
    try {
      call.request.options.onProgress?.(progress);
    } catch (error) {
      // As for calls of this thread: the listener failed, and so does the call.
      call.stop(error);
    }
  }

  #released(id: number, isSafe: boolean): void {
    this.#out.get(id)?.released(isSafe);
    this.#out.delete(id);
  }

  /** Asks the host for something that takes no memory. */
  async #ask<T>(call: string, send: (host: Methods<HostService>) => Promise<T>): Promise<T> {
    const host = this.#open(call);
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

  /** @throws ConnectionError */
  #open(call: string): Methods<HostService> {
    this.checkOpen(call);
    return this.#host.methods as Methods<HostService>;
  }

  /** A client that waits for the host keeps its thread alive. */
  #keepAlive(): void {
    keepAlive(this.#port, this.#running.size - this.#unread.size + this.#asking.size > 0);
  }

  /** Memory is gone for good: the host lets its handle go. */
  #forget(memory: number): void {
    if (!this.#known.delete(memory) || this.#end !== undefined) return;
    this.#gone.push(memory);
    if (this.#gone.length > 1) return;
    queueMicrotask(() => {
      const gone = this.#gone;
      this.#gone = [];
      void this.#host.methods?.forget(gone);
    });
  }

  /** No call will be answered any more. Whether somebody still touches their memory can't be told: it is let go. */
  #finish(reason: "closed" | "lost", why: string): void {
    if (this.#end !== undefined) return;
    this.#end = { reason, why };
    this.#host.leave();
    const error = new ConnectionError(reason, `Cannot finish the call as ${why}`);
    for (const call of [...this.#running]) call.stop(error);
    for (const giveUp of this.#asking) giveUp(error);
    for (const call of this.#out.values()) call.released(false);
    this.#out.clear();
    this.arena.retire();
  }
}
