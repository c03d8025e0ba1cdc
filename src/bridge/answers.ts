/** What a client hears of its calls: their progress, their results, and which of them a lost message was about. */

import { partialOutputs } from "../call/outcome.js";
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
  /** Calls that the host knows of, by their numbers. Some have ended, but their memory may still be touched. */
  readonly #out = new Map<number, ClientCall>();
  /** Why a message could not be read. */
  #reason: unknown;

  /** @param onReading called when a stream begins to wait for its loop, and when it no longer does */
  constructor(
    port: Pick<CallPort<ToClient, ToHost>, "post">,
    packer: Pick<CallPacker, "reset">,
    onReading: (call: ClientCall, isWaiting: boolean) => void,
  ) {
    this.#port = port;
    this.#packer = packer;
    this.#onReading = onReading;
  }

  /** Notes that a call was sent. */
  expect(call: ClientCall): void {
    this.#out.set(call.id, call);
  }

  /** A message about calls. */
  receive(message: Exclude<ToClient, readonly ["unasked"] | readonly ["collected", unknown]>): void {
    const call = message[0] === "known" ? undefined : this.#out.get(message[1]);
    try {
      if (message[0] === "known") this.#known(message[1]);
      // `undefined` if the connection has ended.
      else if (call !== undefined) this.#hear(call, message);
    } catch (error) {
      // No host posts this.
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
      outputs: this.#outputsOf(call, failure.partial?.passes),
      received: call.apart,
      rangeOf: (index: number) => rangeIn(call.request, index),
    });
    const error = unpackFailure(failure, rest);
    const unread = failure.partial?.apart.filter((index) => !call.apart.has(index)) ?? [];
    call.fail(earlierFailure(call.request, error, unread, this.#reason));
  }

  /** @param values those that were read */
  #failUnread(call: ClientCall, values: ReadonlyMap<number, unknown>): void {
    if (call.hasEnded) return;
    call.fail(unreadFailure(call.request, values, this.#reason, () => this.#outputsOf(call, undefined)));
  }

  /** @param passes that had ended, of `iterateShared` */
  #outputsOf(call: ClientCall, passes: number | undefined): PartialResults["outputs"] {
    const { outputs, spec } = call.request;
    return partialOutputs(spec, outputs, () => call.outputs(), passes);
  }

  /** Messages were lost. What the host knows tells which calls they were about. */
  #known({ heard, hasUnread, running, held }: Known): void {
    if (hasUnread) this.#packer.reset();
    const known = new Map(running.map((state) => [state[0], state]));
    for (const call of [...this.#out.values()]) {
      // The host has not heard of this call yet.
      if (call.sentAs > heard) continue;
      const state = known.get(call.id);
      if (state !== undefined) this.#lookForResults(call, state);
      else this.#lost(call, held.includes(call.id), hasUnread);
    }
  }

  /** Asks again for the last results of a stream if they were lost. */
  #lookForResults(call: ClientCall, [, batches, last]: Known["running"][number]): void {
    if (call.streamBuffer === undefined || call.hasEnded || call.batches === batches) return;
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
    const { streamBuffer } = call;
    if (streamBuffer === undefined || call.hasEnded) return;
    for (const { index, value } of results) streamBuffer.receive(index, value);
    this.#onReading(call, true);
    void streamBuffer.emptied().then(() => {
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
      // The listener failed, and so does the call, as calls of this thread do.
      call.stop(error);
    }
  }

  /** @param isSafe whether its memory may be used again; `null` if not yet */
  #released(call: ClientCall, isSafe: boolean | null): void {
    if (isSafe === null) return;
    call.released(isSafe);
    this.#out.delete(call.id);
  }
}
