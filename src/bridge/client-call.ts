/** One call that another thread runs, as its client sees it: how it ends, and the memory that it needs. */
import type { Backlog } from "../dispatch/backlog.js";
import type { Arena, Region } from "../memory/arena.js";
import { elementBytes, type TypedArray, viewOf } from "../memory/dtypes.js";
import { Lease } from "../memory/lease.js";
import { type Place, place, placeOf } from "../memory/placement.js";
import { breather } from "../platform/breather.js";
import type { Request } from "../request.js";
import type { Stoppable } from "../watch.js";

export class ClientCall implements Stoppable {
  readonly id: number;
  /** Held until nobody touches the call's memory: arrays that are unreachable give their regions back. */
  readonly request: Request;
  readonly lease: Lease;
  /** Of a stream: takes the results. */
  readonly backlog: Backlog | undefined;
  /** Rejects when the call is stopped; never resolves. */
  readonly stopped: Promise<never>;
  /** The host may touch the call's memory. */
  isOut = false;
  readonly #arena: Arena;
  readonly #onStop: (reason: unknown) => void;
  readonly #outputs: { readonly kind: number; readonly region: Region }[] = [];
  /** Held as the request is. */
  #lent: TypedArray[] = [];
  #placed: Region | undefined;
  #reject!: (reason: unknown) => void;
  #isStopped = false;

  /** @param onStop told once, where the call is stopped */
  constructor(
    id: number,
    request: Request,
    arena: Arena,
    backlog: Backlog | undefined,
    onStop: (reason: unknown) => void,
  ) {
    this.id = id;
    this.request = request;
    this.backlog = backlog;
    this.#arena = arena;
    this.#onStop = onStop;
    this.lease = new Lease(arena);
    this.stopped = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    this.stopped.catch(() => {});
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Does it have memory of its own? */
  get holdsMemory(): boolean {
    return this.#placed !== undefined || this.#outputs.length > 0;
  }

  /** Do the outputs hold old data? */
  get clearOutputs(): boolean {
    return this.#outputs.some(({ region }) => region.recycled);
  }

  /** The call rejects with `reason`. */
  stop(reason: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reject(reason);
    this.#onStop(reason);
  }

  /**
   * Copies plain arrays to shared memory, and takes the memory of the outputs.
   * @returns where everything is
   * @throws MemoryLimitError before anything is copied
   */
  async place(): Promise<Place[]> {
    const { placement, table, outputs, spec } = this.request;
    const arena = this.#arena;
    const kinds = outputs?.kinds ?? [];
    const sizes = kinds.map((kind) => spec.length * elementBytes(kind));
    const placed = placement.spans.length === 0 ? [] : [placement.bytesNeeded];
    arena.reserve([...placed, ...sizes]);
    for (const [i, kind] of kinds.entries()) {
      const region = arena.take(sizes[i] as number);
      this.lease.add(region);
      this.#outputs.push({ kind, region });
    }
    if (placement.spans.length > 0) {
      this.#placed = await place(placement, arena, breather());
      this.lease.add(this.#placed);
    }
    return [
      ...table.arrays.map((array) => placeOf(array, placement, this.#placed, arena)),
      ...this.#outputs.map(({ kind, region: { id, buffer } }): Place => {
        return { kind, memory: id, buffer, byteOffset: 0, length: spec.length };
      }),
    ];
  }

  /** The outputs, which are the user's from here on, so it can be asked only once. */
  outputs(): TypedArray[] {
    const { length } = this.request.spec;
    this.#lent = this.#outputs.map(({ kind, region }) => viewOf(kind, this.lease.lend(region), 0, length));
    return this.#lent;
  }

  /** The host has ended with the call's memory. @param isSafe it may be used again */
  released(isSafe: boolean): void {
    if (!this.isOut) return;
    this.isOut = false;
    if (!isSafe) this.lease.abandon();
    this.lease.drop();
  }
}
