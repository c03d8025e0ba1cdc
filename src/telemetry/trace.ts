/**
 * Records calls and writes them as Chrome trace-event JSON, which Perfetto (ui.perfetto.dev) and chrome://tracing open.
 * The format: "Trace Event Format", a document of the Chromium project.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { writeFile } from "node:fs/promises";
import type { CallTrace } from "./events.js";

/** One event of the format; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  /** M: name of a lane; X: a slice; b and e: begin and end of a call or of a part of it; C: a counter. */
  readonly ph: "M" | "X" | "b" | "e" | "C";
  readonly cat: string;
  readonly ts: number;
  /** X only. */
  readonly dur?: number;
  /** The executor, numbered in the order of their making. */
  readonly pid: number;
  /** The lane within the executor. */
  readonly tid: number;
  /** b and e only: the call. */
  readonly id?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface TraceFile {
  readonly displayTimeUnit: "ms";
  readonly traceEvents: readonly TraceEvent[];
}

const CHANNEL = "sharray:call_trace";
// A program that is traced for days must not grow for ever: the latest calls are kept.
const MAX_CALLS = 10_000;
const US_PER_MS = 1000;
// A lane of a worker has further lanes beside it, for the claims of calls that take turns on it.
const LANES_PER_WORKER = 100;

/** Records every call of every executor of this thread that starts from now on, until it is stopped. */
export class Trace {
  readonly #calls: CallTrace[] = [];
  readonly #record = (message: unknown): void => {
    this.#calls.push(message as CallTrace);
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
  };

  constructor() {
    subscribe(CHANNEL, this.#record);
  }

  /** Ends the recording; what was recorded stays. */
  stop(): void {
    unsubscribe(CHANNEL, this.#record);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** What was recorded so far: the latest 10,000 calls. */
  toJSON(): TraceFile {
    return { displayTimeUnit: "ms", traceEvents: traceEvents(this.#calls) };
  }

  /** Writes `toJSON()` to a file. @throws what the file system does */
  async write(path: string | URL): Promise<void> {
    await writeFile(path, JSON.stringify(this));
  }
}

function traceEvents(calls: readonly CallTrace[]): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (const pid of new Set(calls.map(({ executor }) => executor))) {
    const own = calls.filter(({ executor }) => executor === pid);
    events.push(meta("process_name", pid, 0, `sharray executor ${pid}`));
    for (const call of own) events.push(...callEvents(call));
    events.push(...laneEvents(pid, own));
  }
  return events;
}

/** A call and its parts: they may overlap those of other calls, so they are not slices of a lane. */
function callEvents(call: CallTrace): TraceEvent[] {
  const { executor: pid, job: id, predicted, actual, error, kernel, tasks, strategy, reason } = call;
  const at = (ph: "b" | "e", name: string, time: number, args: TraceEvent["args"] = {}): TraceEvent => {
    return { name, ph, cat: "call", ts: time * US_PER_MS, pid, tid: 0, id, args };
  };
  const args = { job: id, kernel, tasks, strategy, reason, predicted, actual, error: textOf(error) };
  const events = [at("b", call.call, call.start, args)];
  for (const { name, start, end } of call.spans) events.push(at("b", name, start), at("e", name, end));
  events.push(at("e", call.call, call.end));
  if (actual !== undefined) {
    const counters = { predicted: predicted.total, actual: actual.total };
    const ts = call.end * US_PER_MS;
    events.push({ name: "call ms", ph: "C", cat: "call", ts, pid, tid: 0, args: counters });
  }
  return events;
}

interface Slice {
  readonly start: number;
  readonly end: number;
  readonly call: CallTrace;
  readonly firstTask: number;
  readonly tasks: number;
}

/** A lane per thread. Claims of calls that take turns overlap: each lane has only slices that do not. */
function laneEvents(pid: number, calls: readonly CallTrace[]): TraceEvent[] {
  const lanes = new Map<number, Slice[]>();
  const slices = calls
    .flatMap((call) => call.claims.map((claim) => ({ ...claim, call })))
    .sort((a, b) => a.start - b.start);
  for (const slice of slices) {
    let tid = slice.worker * LANES_PER_WORKER;
    while ((lanes.get(tid)?.at(-1)?.end ?? -Infinity) > slice.start) tid += 1;
    const lane = lanes.get(tid);
    if (lane === undefined) lanes.set(tid, [slice]);
    else lane.push(slice);
  }
  const events: TraceEvent[] = [];
  for (const [tid, lane] of [...lanes].sort(([a], [b]) => a - b)) {
    events.push(meta("thread_name", pid, tid, laneName(tid)));
    lane.forEach((slice, i) => {
      const { start, end, call, firstTask, tasks } = slice;
      const before = lane[i - 1];
      // Between two claims of one call, or from when the call could have begun here.
      const since = before?.call === call ? before.end : Math.max(before?.end ?? 0, computeStart(call));
      if (start > since) events.push(sliceEvent(pid, tid, "wait", "wait", since, start, { job: call.job }));
      const name = call.kernel === "" ? call.call : call.kernel;
      const args = { job: call.job, firstTask, tasks };
      events.push(sliceEvent(pid, tid, name, "claim", start, end, args));
    });
  }
  return events;
}

/** The first task of the call on any thread: from then on others that have not begun wait. */
function computeStart({ spans, start }: CallTrace): number {
  return spans.findLast(({ name }) => name === "compute")?.start ?? start;
}

function sliceEvent(
  pid: number,
  tid: number,
  name: string,
  cat: string,
  start: number,
  end: number,
  args: TraceEvent["args"],
): TraceEvent {
  const ts = start * US_PER_MS;
  return { name, ph: "X", cat, ts, dur: Math.max(0, end * US_PER_MS - ts), pid, tid, args };
}

function laneName(tid: number): string {
  const worker = Math.floor(tid / LANES_PER_WORKER);
  const further = tid % LANES_PER_WORKER;
  const name = worker === 0 ? "caller's thread" : `worker ${worker}`;
  return further === 0 ? name : `${name}, taking turns (${further})`;
}

function meta(name: string, pid: number, tid: number, value: string): TraceEvent {
  return { name, ph: "M", cat: "__metadata", ts: 0, pid, tid, args: { name: value } };
}

function textOf(error: unknown): string | undefined {
  return error === undefined ? undefined : String(error);
}
