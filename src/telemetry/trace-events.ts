/** Recorded calls in the "Trace Event Format", a document of the Chromium project. */
import type { Claim } from "../protocol/round.js";
import type { CallTrace } from "./events.js";

/** One event of the format; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  /** M: name of a process or lane. X: a slice. b and e: begin and end of a call or a part of it. C: a counter. */
  readonly ph: "M" | "X" | "b" | "e" | "C";
  readonly cat: string;
  readonly ts: number;
  /** X only. */
  readonly dur?: number;
  /** The executor's number, in the order of creation. */
  readonly pid: number;
  /** The lane's number. No other lane has it, even of other executors. */
  readonly tid: number;
  /** b and e only: the call, and which track of it. */
  readonly id?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A call with the text of its error. The error itself may keep anything alive. */
export type RecordedCall = Omit<CallTrace, "error"> & { readonly error: string | undefined };

/** A lane of slices that do not overlap. */
interface Lane {
  readonly worker: number;
  /** 0, or higher if claims of one thread overlap. */
  readonly row: number;
  readonly slices: Slice[];
}

type Slice = Claim & { readonly call: RecordedCall };

export function* traceEvents(calls: readonly RecordedCall[]): Generator<TraceEvent> {
  const executors = new Map<number, RecordedCall[]>();
  for (const call of calls) {
    const own = executors.get(call.executor);
    if (own === undefined) executors.set(call.executor, [call]);
    else own.push(call);
  }
  // Perfetto names a thread by its tid alone, and takes one whose tid is a pid for the main thread.
  let lastTid = 0;
  for (const pid of executors.keys()) lastTid = Math.max(lastTid, pid);
  for (const [pid, own] of executors) {
    const lanes = lanesOf(own);
    const callersTid = lastTid + 1;
    yield nameEvent("process_name", pid, callersTid, `sharray executor ${pid}`);
    for (const lane of lanes) {
      lastTid += 1;
      yield nameEvent("thread_name", pid, lastTid, laneName(lane));
      yield* laneEvents(lane, pid, lastTid);
    }
    for (const call of own) yield* callEvents(call, callersTid);
  }
}

/** A lane per thread, the caller's first. A thread on which calls take turns has more, because their claims overlap. */
function lanesOf(calls: readonly RecordedCall[]): Lane[] {
  const slices: Slice[] = [];
  for (const call of calls) for (const claim of call.claims) slices.push({ ...claim, call });
  slices.sort((a, b) => a.start - b.start);
  const threads = new Map<number, Lane[]>([[0, [{ worker: 0, row: 0, slices: [] }]]]);
  for (const slice of slices) {
    const { worker, start } = slice;
    const rows = threads.get(worker) ?? [];
    threads.set(worker, rows);
    let lane = rows.find((row) => (row.slices.at(-1)?.end ?? -Infinity) <= start);
    if (lane === undefined) {
      lane = { worker, row: rows.length, slices: [] };
      rows.push(lane);
    }
    lane.slices.push(slice);
  }
  return [...threads.values()].flat().sort((a, b) => a.worker - b.worker || a.row - b.row);
}

function laneName({ worker, row }: Lane): string {
  const name = worker === 0 ? "caller's thread" : `worker ${worker}`;
  return row === 0 ? name : `${name}, taking turns (${row})`;
}

function* laneEvents({ slices }: Lane, pid: number, tid: number): Generator<TraceEvent> {
  let before: Slice | undefined;
  for (const slice of slices) {
    const { start, end, call, firstTask, tasks } = slice;
    const { job, kernel } = call;
    const since = before?.call === call ? before.end : Math.max(before?.end ?? 0, computeStart(call));
    if (since < start) yield sliceEvent("wait", since, start, { job }, "wait");
    const args = { job, kernel, firstTask, tasks };
    yield sliceEvent(kernel === "" ? call.call : kernel, start, end, args, "claim");
    before = slice;
  }

  function sliceEvent(
    name: string,
    start: number,
    end: number,
    args: TraceEvent["args"],
    cat: string,
  ): TraceEvent {
    const ts = microseconds(start);
    return { name, ph: "X", cat, ts, dur: Math.max(0, microseconds(end) - ts), pid, tid, args };
  }
}

/** When the call's first task began on any thread. Threads that have not begun wait from then on. */
function computeStart({ spans, start }: RecordedCall): number {
  return spans.findLast(({ name }) => name === "compute")?.start ?? start;
}

/**
 * A call and its parts. Calls overlap, so they are no slices of a lane: each is a track, named by its id, on which begin and
 * end must nest. A part that overlaps another gets a further track. So does one that reaches beyond the call, because clocks
 * differ.
 */
function* callEvents(call: RecordedCall, tid: number): Generator<TraceEvent> {
  const { executor: pid, job, predicted, actual, error, kernel, tasks, strategy, reason } = call;
  const event = (
    ph: "b" | "e",
    name: string,
    time: number,
    row: number,
    args: TraceEvent["args"] = {},
  ): TraceEvent => {
    const id = row === 0 ? `${job}` : `${job}/${row}`;
    return { name, ph, cat: "call", ts: microseconds(time), pid, tid, id, args };
  };
  yield event("b", call.call, call.start, 0, {
    job,
    kernel,
    tasks,
    strategy,
    reason,
    predicted,
    ...(actual === undefined ? {} : { actual }),
    ...(error === undefined ? {} : { error }),
  });
  const rowEnds = [call.start];
  for (const { name, start, end } of call.spans.toSorted((a, b) => a.start - b.start)) {
    const fits = rowEnds.findIndex((last, row) => last <= start && (row > 0 || end <= call.end));
    const row = fits === -1 ? rowEnds.length : fits;
    rowEnds[row] = end;
    yield event("b", name, start, row);
    yield event("e", name, end, row);
  }
  yield event("e", call.call, call.end, 0);
  if (actual === undefined) return;
  const args = { predicted: predicted.total, actual: actual.total };
  yield { name: "call ms", ph: "C", cat: "call", ts: microseconds(call.end), pid, tid, args };
}

function nameEvent(name: string, pid: number, tid: number, value: string): TraceEvent {
  return { name, ph: "M", cat: "__metadata", ts: 0, pid, tid, args: { name: value } };
}

/**
 * Eighths of a microsecond are whole nanoseconds and exact in binary. Perfetto multiplies by 1000 and truncates. A finer figure
 * may come out a nanosecond early, and slices that touch then overlap.
 */
function microseconds(ms: number): number {
  return Math.round(ms * 8000) / 8;
}
