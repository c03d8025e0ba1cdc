/** What a client hears of its calls: how far they are, what they come to, and of what a message was lost. */

import { named } from "../call/outcome.js";
import type { Progress, StreamedResult } from "../call/types.js";
import { ConnectionError, type PartialResults } from "../errors.js";
import type { CallPacker } from "./call-packer.js";
import type { CallPort } from "./call-port.js";
import type { ClientCall } from "./client-call.js";
import { type Failure, unpackFailure } from "./error-codec.js";
import type { Known, ToClient, ToHost } from "./messages.js";
import { earlierFailure, rangeIn, unreadFailure, unreadResult } from "./unread.js";
import { unpackValues, type WireValues } from "./values.js";

export class Answers {
  readonly #port: Pick<CallPort<ToClient, ToHost>, "post">;
  readonly #packer: Pick<CallPacker, "reset">;
  readonly #onReading: (call: ClientCall, isWaiting: boolean) => void;
  /** Calls that the host knows of, by their numbers; of some it may only touch the memory still. */
  readonly #out = new Map<number, ClientCall>();
  /** Why a message could not be read. */
  #reason: unknown;

  /** @param onReading told of a stream that it waits for its loop, and no longer does */
  constructor(
    port: Pick<CallPort<ToClient, ToHost>, "post">,
    packer: Pick<CallPacker, "reset">,
    onReading: (call: ClientCall, isWaiting: boolean) => void,
  ) {
    this.#port = port;
    this.#packer = packer;
    this.#onReading = onReading;
  }

  /** The call was sent. */
  expect(call: ClientCall): void {
    this.#out.set(call.id, call);
  }

  /** A message about calls. */
  receive(message: Exclude<ToClient, readonly ["unasked"] | readonly ["collected", unknown]>): void {
    const call = message[0] === "known" ? undefined : this.#out.get(message[1]);
    try {
      if (message[0] === "known") this.#known(message[1]);
      // Undefined: the connection has ended.
      else if (call !== undefined) this.#hear(call, message);
    } catch (error) {
      // It was nothing that a host posts.
      call?.fail(error);
    }
  }

  /** A message could not be read. */
  lose(reason: unknown): void {
    this.#reason = reason;
    this.#port.post(["unread"]);
  }

  /** The connection has ended. */
  end(): void {
    for (const call of this.#out.values()) call.released(false);
    this.#out.clear();
  }

  #hear(
    call: ClientCall,
    message: Exclude<
      ToClient,
      readonly ["known", unknown] | readonly ["unasked"] | readonly ["collected", unknown]
    >,
  ): void {
    switch (message[0]) {
      case "done":
        this.#released(call, message[2]);
        this.#done(call, message[3], message[4]);
        break;
      case "failed":
        this.#released(call, message[2]);
        this.#failed(call, message[3]);
        break;
      case "released":
        this.#released(call, message[2]);
        break;
      case "progress":
        this.#progress(call, message[2]);
        break;
      case "value":
        call.apart.set(message[2], message[3]);
        break;
      case "results":
        call.batches += 1;
        this.#results(call, message[2]);
    }
  }

  #done(call: ClientCall, packed: WireValues, apart: readonly number[]): void {
    const values = unpackValues(packed);
    if (apart.every((index) => call.apart.has(index))) {
      for (const [index, value] of call.apart) values[index] = value;
      call.succeed(values);
      return;
    }
    const ended = new Map(values.entries());
    for (const index of apart) ended.delete(index);
    for (const [index, value] of call.apart) ended.set(index, value);
    this.#failUnread(call, ended);
  }

  #failed(call: ClientCall, failure: Failure): void {
    if (call.hasEnded) return;
    const rest = () => ({
      outputs: this.#outputsOf(call),
      received: call.apart,
      rangeOf: (index: number) => rangeIn(call.request, index),
    });
    const error = unpackFailure(failure, rest);
    const unread = failure.partial?.apart.filter((index) => !call.apart.has(index)) ?? [];
    call.fail(earlierFailure(call.request, error, unread, this.#reason));
  }

  /** @param values what there is of it */
  #failUnread(call: ClientCall, values: ReadonlyMap<number, unknown>): void {
    if (call.hasEnded) return;
    call.fail(unreadFailure(call.request, values, this.#reason, () => this.#outputsOf(call)));
  }

  #outputsOf(call: ClientCall): PartialResults["outputs"] {
    const names = call.request.outputs?.names;
    return names === undefined ? undefined : named(names, call.outputs());
  }

  /** Messages were lost: what the host knows tells of which calls. */
  #known({ heard, hasUnread, running, held }: Known): void {
    if (hasUnread) this.#packer.reset();
    const known = new Map(running.map((state) => [state[0], state]));
    for (const call of [...this.#out.values()]) {
      // It is on its way.
      if (call.sentAs > heard) continue;
      const state = known.get(call.id);
      if (state !== undefined) this.#lookForResults(call, state);
      else this.#lost(call, held.includes(call.id), hasUnread);
    }
  }

  /** Have the last results of a stream been lost? */
  #lookForResults(call: ClientCall, [, batches, last]: Known["running"][number]): void {
    if (call.backlog === undefined || call.hasEnded || call.batches === batches) return;
    const [index] = last as [number];
    if (last.length === 1) call.stop(unreadResult(call.request, index, this.#reason));
    else this.#port.post(["again", call.id]);
  }

  /** The call has ended, or never came to the host, and nothing was heard of it. */
  #lost(call: ClientCall, isHeld: boolean, hasUnread: boolean): void {
    if (!isHeld) this.#released(call, false);
    if (!hasUnread) this.#failUnread(call, call.apart);
    else
      call.fail(
        new ConnectionError("lost", "Cannot run the call as its host could not read a message of it"),
      );
  }

  #results(call: ClientCall, results: readonly StreamedResult<unknown>[]): void {
    const { backlog } = call;
    if (backlog === undefined || call.hasEnded) return;
    for (const { index, value } of results) backlog.receive(index, value);
    this.#onReading(call, true);
    void backlog.emptied().then(() => {
      if (call.hasEnded) return;
      this.#onReading(call, false);
      this.#port.post(["taken", call.id]);
    });
  }

  #progress(call: ClientCall, progress: Progress): void {
    if (call.hasEnded) return;
    try {
      call.request.options.onProgress?.(progress);
    } catch (error) {
      // As for calls of this thread: the listener failed, and so does the call.
      call.stop(error);
    }
  }

  /** @param isSafe null: not yet */
  #released(call: ClientCall, isSafe: boolean | null): void {
    if (isSafe === null) return;
    call.released(isSafe);
    this.#out.delete(call.id);
  }
}
