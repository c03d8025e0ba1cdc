/** The engine's own ways: sequential on the coordinator's thread, or on shared memory. */

import type { ParallelDecision, ParallelExecution, ParallelExecutor, Telemetry } from "sharray";
import { Trace, type TraceEvent } from "sharray/trace";
import type { Slice } from "../messages.js";
import type { CallOptions, Workload } from "../workloads/workload.js";
import type { Ran, Way } from "./way.js";

/** Keeps the latest events of an executor, which runs one call at a time here. */
export class Ledger {
  decision: ParallelDecision | undefined;
  execution: ParallelExecution | undefined;
  readonly telemetry: Telemetry = (event, payload) => {
    if (event === "parallel_decision") this.decision = payload;
    if (event === "parallel_execution") this.execution = payload;
  };
}

export class EngineWay implements Way {
  readonly #workload: Workload;
  readonly #executor: ParallelExecutor;
  readonly #ledger: Ledger;
  readonly #strategy: CallOptions["strategy"];

  constructor(
    workload: Workload,
    executor: ParallelExecutor,
    ledger: Ledger,
    strategy: CallOptions["strategy"],
  ) {
    this.#workload = workload;
    this.#executor = executor;
    this.#ledger = ledger;
    this.#strategy = strategy;
  }

  async start(): Promise<void> {
    if (this.#strategy !== "sequential") await this.#executor.start();
  }

  async round(signal: AbortSignal, onProgress: (share: number) => void): Promise<Ran> {
    using trace = new Trace();
    const start = performance.now();
    const values = await this.#workload.run(this.#executor, {
      strategy: this.#strategy,
      signal,
      onProgress: ({ completed, total }) => onProgress(completed / total),
    });
    const end = performance.now();
    const { bytesPlaced, metadataBytes, strategy, workers } = this.#ledger.execution!;
    const slices = slicesOf(trace.toJSON().traceEvents);
    const ranOn = strategy === "threads" ? `${workers} workers` : "the coordinator's thread";
    return { values, start, end, slices, bytesMoved: bytesPlaced + metadataBytes, ranOn };
  }
}

/** Lanes are numbered as the trace names them: the caller's thread, then workers. */
function slicesOf(events: readonly TraceEvent[]): Slice[] {
  const lanes = new Map<number, number>();
  const slices: Slice[] = [];
  let placing = 0;
  for (const { ph, cat, name, ts, dur = 0, tid, args } of events) {
    const start = ts / 1000;
    if (name === "thread_name") lanes.set(tid, Number(/\d+/.exec(String(args["name"]))?.[0] ?? 0));
    if (cat === "claim")
      slices.push({ lane: lanes.get(tid)!, kind: "compute", start, end: start + dur / 1000 });
    if (name !== "place") continue;
    if (ph === "b") placing = start;
    else slices.push({ lane: 0, kind: "copy", start: placing, end: start });
  }
  return slices;
}
