/** One call that another thread runs, as its client sees it: its end, and the memory that it needs. */

import type { Stoppable } from "../call/abort-and-progress.js";
import { keepFailed } from "../call/failed-task.js";
import { leadToLine } from "../call/lead-to-line.js";
import type { Outcome } from "../call/outcome.js";
import { lendOutputs } from "../call/output-regions.js";
import { leaseOf, madeBytes, madeOutputs, type Request } from "../call/request.js";
import { KernelError, MemoryLimitError, TaskTimeoutError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import { makeRoom, takeAll } from "../memory/make-room.js";
import { type Place, place, placeOf } from "../memory/placement.js";
import type { Region } from "../memory/region.js";
import { pause } from "../platform/time-slice.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";

export class ClientCall implements Stoppable {
  readonly id: number;
  /** Held until nobody touches the call's memory, because unreachable arrays give their regions back. */
  readonly request: Request;
  readonly lease: Lease;
  /** Takes the results of a stream; `undefined` if it is none. */
  readonly streamBuffer: StreamBuffer | undefined;
  readonly outcome: Promise<Outcome>;
  /** Whether the host may touch the call's memory. */
  isOut = false;
  /** Number of the message that brought the call to the host. */
  sentAs = 0;
  /** How many times results of a stream have come. */
  batches = 0;
  /** Values that came in messages of their own. */
  readonly apart = new Map<number, unknown>();
  readonly #arena: Arena;
  readonly #onEnd: () => void;
  readonly #onStop: (reason: unknown) => void;
  /** The regions of the outputs that the call makes. */
  readonly #outputs: Region[] = [];
  /** Held for as long as the request is, and for the same reason. */
  #lent: TypedArray[] = [];
  #placed: Region | undefined;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (reason: unknown) => void;
  #hasEnded = false;

  /**
   * @param onEnd called once, however the call ends
   * @param onStop called if the call is stopped before it ends by itself
   */
  constructor(
    id: number,
    request: Request,
    arena: Arena,
    streamBuffer: StreamBuffer | undefined,
    onEnd: () => void,
    onStop: (reason: unknown) => void,
  ) {
    this.id = id;
    this.request = request;
    this.streamBuffer = streamBuffer;
    this.#arena = arena;
    this.#onEnd = onEnd;
    this.#onStop = onStop;
    this.lease = leaseOf(request, arena);
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the call has memory of its own. */
  get holdsMemory(): boolean {
    return this.#placed !== undefined || this.#outputs.length > 0;
  }

  /** The job as the host runs it, on outputs in this thread's memory. */
  get spec(): JobSpec {
    const { spec } = this.request;
    const clearOutputs = this.#outputs.some((region) => region.recycled);
    return clearOutputs ? { ...spec, clearOutputs } : spec;
  }

  /** The call has its values. Once a call has ended, this and what follows does nothing. */
  succeed(values: unknown[]): void {
    if (this.#hasEnded) return;
    this.#resolve({ values, outputs: this.outputs() });
    this.#end();
  }

  fail(reason: unknown): void {
    if (this.#hasEnded) return;
    this.#reject(reason);
    this.#end();
  }

  /** The call fails with `reason`, and the host hears of it. */
  stop(reason: unknown): void {
    if (this.#hasEnded) return;
    this.fail(reason);
    this.#onStop(reason);
  }

  /**
   * Copies plain arrays to shared memory, and takes the memory of the outputs.
   * @returns a promise if there is something to copy, or if memory must be waited for
   * @throws MemoryLimitError before anything is copied
   */
  place(): Promise<void> | undefined {
    const { placement, outputs } = this.request;
    if (placement.spans.length === 0 && outputs === null) return undefined;
    const sizes = madeBytes(this.request);
    let regions: Region[];
    try {
      this.#arena.reserve([placement.bytesNeeded, ...sizes]);
      regions = takeAll(this.#arena, sizes, "nothing", true);
    } catch (error) {
      if (!(error instanceof MemoryLimitError)) throw error;
      return this.#placeLater(sizes, error);
    }
    return this.#placeInputs(regions);
  }

  /** Apart from `place`, because most calls have room and need no promise. */
  async #placeLater(sizes: readonly number[], error: MemoryLimitError): Promise<void> {
    if (!(await makeRoom(this.#arena, [this.request.placement.bytesNeeded, ...sizes]))) throw error;
    await this.#placeInputs(takeAll(this.#arena, sizes, "garbage", true));
  }

  /** @param regions of the outputs */
  #placeInputs(regions: readonly Region[]): Promise<void> | undefined {
    const { placement } = this.request;
    for (const region of regions) {
      this.lease.add(region, true);
      this.#outputs.push(region);
    }
    if (placement.spans.length === 0) return undefined;
    return this.#placeArrays();
  }

  async #placeArrays(): Promise<void> {
    // Plain arrays are read once the caller's present code has ended, as in every call.
    await undefined;
    this.#placed = await place(this.request.placement, this.#arena, pause);
    this.lease.add(this.#placed, true);
  }

  /** Where the arrays of the table are once they are placed, and behind them the outputs. */
  places(): Place[] {
    const { placement, table } = this.request;
    const places = table.arrays.map((array) => placeOf(array, placement, this.#placed, this.#arena));
    for (const [i, { kind, length }] of madeOutputs(this.request).entries()) {
      const { id: memory, buffer } = this.#outputs[i] as Region;
      places.push({ kind, memory, buffer, byteOffset: 0, length });
    }
    return places;
  }

  /** Hands the outputs to the user. Call it once. */
  outputs(): TypedArray[] {
    this.#lent = lendOutputs(this.request, this.#outputs, this.lease);
    return this.#lent;
  }

  /** The host no longer touches the call's memory. @param isSafe whether the memory may be used again */
  released(isSafe: boolean): void {
    if (!this.isOut) return;
    this.isOut = false;
    if (!isSafe) this.lease.reachedBy("here");
    this.lease.drop();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#onEnd();
    this.lease.drop();
  }
}

/**
 * The outcome of a call that has begun. Errors of its kernel lead to its line, because the host has no stack that leads to the
 * call.
 */
export async function led({ request, outcome }: ClientCall): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof KernelError) leadToLine(error, request, new Error().stack);
    if (error instanceof KernelError || error instanceof TaskTimeoutError) {
      keepFailed(error, error.index - (request.spec.earlier ?? 0), request, request.items);
    }
    throw error;
  }
}
