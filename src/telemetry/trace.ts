/** Records calls and writes them as a trace that Perfetto (ui.perfetto.dev) and chrome://tracing open. */
export type * from "../platform/ambient.js";

import { subscribe, unsubscribe } from "../platform/channels.js";
import { writeFile } from "../platform/files.js";
import { textOf } from "./error-text.js";
import type { CallTrace } from "./events.js";
import { type RecordedCall, type TraceEvent, traceEvents } from "./trace-events.js";

export type { TraceEvent } from "./trace-events.js";

export interface TraceFile {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: {
    /** Recorded calls that are left out, because later ones took their room. */
    readonly droppedCalls: number;
  };
}

const CHANNEL = "sharray:call_trace";
// A program that is traced for days must not grow for ever: this is some 80 MB, and a file of some 120 MB. Claims count like
// calls, because a call may have none or many thousands.
const MAX_ENTRIES = 500_000;
// Room is made for many calls at once, because removing the first one moves the others.
const ENTRIES_AFTER_DROP = 450_000;
// Events per write: some 64 KiB.
const EVENTS_PER_CHUNK = 500;

/**
 * Records every call of every executor of this thread that is planned from now on, until it is stopped. Keeps the latest
 * calls with up to half a million claims and parts in all.
 */
export class Trace implements Disposable {
  readonly #calls: RecordedCall[] = [];
  #entries = 0;
  #dropped = 0;
  readonly #record = (message: unknown): void => {
    const call = message as CallTrace;
    this.#calls.push({ ...call, error: call.error === undefined ? undefined : textOf(call.error) });
    this.#entries += entriesOf(call);
    if (this.#entries > MAX_ENTRIES) this.#dropOldest();
  };

  constructor() {
    subscribe(CHANNEL, this.#record);
  }

  /** Ends the recording; what was recorded stays. Calls that have not ended by then are not in it. */
  stop(): void {
    unsubscribe(CHANNEL, this.#record);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** What was recorded so far. */
  toJSON(): TraceFile {
    return { traceEvents: [...traceEvents(this.#calls)], ...this.#tail() };
  }

  /** Writes what was recorded so far to a file, piece by piece. @throws what the file system does */
  async write(path: string | URL): Promise<void> {
    await writeFile(path, this.#text([...this.#calls], JSON.stringify(this.#tail())));
  }

  /** The latest call stays, whatever its size. */
  #dropOldest(): void {
    let count = 0;
    while (this.#entries > ENTRIES_AFTER_DROP && count < this.#calls.length - 1) {
      this.#entries -= entriesOf(this.#calls[count] as RecordedCall);
      count += 1;
    }
    this.#calls.splice(0, count);
    this.#dropped += count;
  }

  *#text(calls: readonly RecordedCall[], tail: string): Generator<string> {
    let chunk: string[] = [];
    let isFirst = true;
    yield '{"traceEvents":[';
    for (const event of traceEvents(calls)) {
      chunk.push(`${isFirst ? "" : ","}\n${JSON.stringify(event)}`);
      isFirst = false;
      if (chunk.length < EVENTS_PER_CHUNK) continue;
      yield chunk.join("");
      chunk = [];
    }
    yield `${chunk.join("")}\n],${tail.slice(1)}\n`;
  }

  #tail(): Omit<TraceFile, "traceEvents"> {
    return { displayTimeUnit: "ms", otherData: { droppedCalls: this.#dropped } };
  }
}

function entriesOf({ claims, spans }: Pick<CallTrace, "claims" | "spans">): number {
  return 1 + spans.length + claims.length;
}
