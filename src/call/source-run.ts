/**
 * One loop over a stream whose arrays come from a source. Pulls a batch when there is room, copies its plain arrays, and runs what has
 * gathered in passes that go side by side.
 */
import { isPromise } from "../platform/maybe-promise.js";
import { soon } from "../platform/runtime.js";
import { LEAST_AHEAD, StreamBuffer } from "../strategies/stream-buffer.js";
import type { Stoppable } from "./abort-and-progress.js";
import { Changes } from "./changes.js";
import {
  type Batch,
  bytesNeededBy,
  isSameNames,
  type PlacedBatch,
  placeBatch,
  readBatch,
} from "./source-batches.js";
import type { RunningPass, SourceRunParts } from "./source-parts.js";
import { SourceReader } from "./source-reader.js";
import { type SourceCall, sourceCall, sourceRequest } from "./source-request.js";

interface Pass {
  readonly first: number;
  /** Whether it comes behind a failure. Then nobody is told how it ends. */
  isNeedless: boolean;
  readonly bytes: number;
  readonly running: RunningPass;
}

/** Tasks per worker that run or wait in their passes: one runs, the next one is there when it ends. */
const READY = 2;
/** Tasks per worker on their way or unread, if they are small. With so many a pass has enough of them that its own cost does not count. */
const MOST_SMALL = 64;
const SMALL_BYTES = 1024 * 1024;

export class SourceRun implements Stoppable {
  readonly #parts: SourceRunParts;
  readonly #reader: SourceReader;
  readonly #passes = new Set<Pass>();
  #call!: SourceCall;
  /** Pulled, and not in a pass yet. */
  #waiting: PlacedBatch[] = [];
  #bytesOut = 0;
  #pulled = 0;
  #begun = 0;
  #ended = 0;
  #failure: { readonly first: number; readonly error: unknown } | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #isGathering = false;
  readonly #changes = new Changes();

  constructor(parts: SourceRunParts) {
    this.#parts = parts;
    this.#reader = new SourceReader(parts.source);
  }

  /** Tasks that have ended. */
  get ended(): number {
    return this.#ended;
  }

  /** Tasks that there are so far. */
  get tasks(): number {
    return this.#pulled;
  }

  stop(reason: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { reason };
    for (const { running } of this.#passes) running.stop(reason);
    this.#changes.tell();
  }

  /** @throws what the call fails with: the failure of the first task, or of the source, or the reason of a stop */
  async run(): Promise<void> {
    const { request, arena, maxWorkers, streamBuffer } = this.#parts;
    streamBuffer.onRoom = () => this.#changes.tell();
    try {
      this.#call = sourceCall(request, READY * maxWorkers, arena);
      await this.#pullAll();
      // A source without batches makes a call, too, and a call has a plan.
      if (this.#pulled === 0 && !this.#isOver) this.#begin([]);
    } catch (error) {
      this.#fail(this.#pulled, error);
    }
    this.#beginWaiting();
    while (this.#isRunning) await this.#changes.next();
    this.#waiting.splice(0).forEach(this.#giveBack);
    for (const { buffer, byteOffset, byteLength } of this.#call?.copies ?? []) {
      arena.release(buffer as SharedArrayBuffer, byteOffset, byteLength);
    }
    const closing = this.#reader.close();
    closing.catch(() => {});
    this.#parts.onClosing(closing);
    if (this.#stopped !== undefined) throw this.#stopped.reason;
    if (this.#failure === undefined) return;
    // A later failure of the source does not count, as in any loop.
    await closing.catch(() => {});
    throw this.#failure.error;
  }

  /** Whether nothing more is to be pulled. */
  get #isOver(): boolean {
    return this.#stopped !== undefined || this.#failure !== undefined;
  }

  async #pullAll(): Promise<void> {
    while (!this.#isOver) {
      if (!this.#hasRoom()) {
        this.#beginWaiting();
        if (!this.#hasRoom()) await this.#changes.next();
        continue;
      }
      const step = await this.#changes.unless(() => this.#isOver, this.#reader.next());
      if (step === undefined || step.done === true) return;
      const batch = readBatch(step.value, this.#pulled);
      if (batch.tasks > 0) await this.#take(batch);
    }
  }

  async #take(batch: Batch): Promise<void> {
    const { arena } = this.#parts;
    const needed = bytesNeededBy(batch);
    while (needed > 0 && this.#passes.size > 0 && !arena.hasRoom([needed]) && !this.#isOver) {
      await this.#changes.next();
    }
    if (this.#isOver) return;
    const placing = placeBatch(batch, arena);
    const placed = await this.#changes.unless(() => this.#isOver, placing);
    if (placed === undefined) {
      placing.then(this.#giveBack, () => {});
      return;
    }
    this.#waiting.push(placed);
    this.#bytesOut += placed.bytes;
    this.#pulled += batch.tasks;
    this.#gather();
  }

  /** What a source gives without a turn of the event loop goes into one pass, because each has its cost. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    soon(() => {
      this.#isGathering = false;
      this.#beginWaiting();
    });
  }

  readonly #giveBack = ({ region }: PlacedBatch): void => {
    if (region !== undefined) this.#parts.arena.give(region);
  };

  /** Whether one more batch may be pulled. Results that nobody has read count, too. */
  #hasRoom(): boolean {
    const { streamBuffer, maxWorkers } = this.#parts;
    const { unread } = streamBuffer;
    const out = this.#pulled - this.#ended;
    if (unread + out >= LEAST_AHEAD * maxWorkers && unread > 0) return false;
    if (out <= READY * maxWorkers) return true;
    return out < MOST_SMALL * maxWorkers && this.#bytesOut < SMALL_BYTES;
  }

  /** Begins passes with all that waits, unless more than that is on its way already. */
  #beginWaiting(): void {
    const least = READY * this.#parts.maxWorkers;
    while (this.#waiting.length > 0 && this.#mayBegin) {
      const running = this.#begun - this.#ended;
      if (running >= least && running > this.#pulled - this.#begun) return;
      const [{ names }] = this.#waiting as [PlacedBatch];
      const other = this.#waiting.findIndex((batch) => !isSameNames(batch.names, names));
      this.#begin(this.#waiting.splice(0, other === -1 ? this.#waiting.length : other));
    }
  }

  /** Whether something still runs, or will. */
  get #isRunning(): boolean {
    if (this.#stopped !== undefined) return false;
    return this.#passes.size > 0 || (this.#waiting.length > 0 && this.#mayBegin);
  }

  /** What came before a failure of the source still runs. */
  get #mayBegin(): boolean {
    return this.#stopped === undefined && (this.#failure?.first ?? this.#pulled) >= this.#pulled;
  }

  #begin(batches: readonly PlacedBatch[]): void {
    const { arena, streamBuffer, begin } = this.#parts;
    const first = this.#begun;
    const results = new StreamBuffer();
    results.open();
    results.onResult = () => {
      for (let result = results.take(); result !== undefined; result = results.take()) {
        this.#ended += 1;
        streamBuffer.receive(first + result.index, result.value);
      }
      this.#beginWaiting();
      this.#changes.tell();
    };
    let running: RunningPass;
    try {
      const request = sourceRequest(this.#call, batches, first, arena);
      this.#begun += request.spec.tasks;
      running = begin(request, results);
    } catch (error) {
      this.#fail(first, error);
      return;
    }
    const pass = {
      first,
      isNeedless: false,
      running,
      bytes: batches.reduce((sum, batch) => sum + batch.bytes, 0),
    };
    this.#passes.add(pass);
    if (!isPromise(running.ended)) {
      this.#end(pass);
      return;
    }
    running.ended.then(
      () => this.#end(pass),
      (error) => {
        if (!pass.isNeedless) this.#fail(first, error);
        this.#end(pass);
      },
    );
  }

  #end(pass: Pass): void {
    this.#passes.delete(pass);
    this.#bytesOut -= pass.bytes;
    this.#beginWaiting();
    this.#changes.tell();
  }

  /** The first failure counts, so passes before it go on. */
  #fail(first: number, error: unknown): void {
    if (this.#stopped !== undefined) return;
    if (this.#failure !== undefined && this.#failure.first <= first) return;
    this.#failure = { first, error };
    for (const pass of this.#passes) {
      if (pass.first <= first) continue;
      pass.isNeedless = true;
      pass.running.stop(new DOMException("An earlier task of the source has failed", "AbortError"));
    }
    this.#changes.tell();
  }
}
