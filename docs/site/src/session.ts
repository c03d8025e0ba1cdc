/** Runs what the page asks for, one thing at a time, and tells it how that goes. */

import { ParallelExecutor } from "sharray";
import { compare, fingerprint } from "./equality.js";
import type { Command, Report, Round, Settings, WayName } from "./messages.js";
import { CloneWay } from "./ways/clone.js";
import { EngineWay, Ledger } from "./ways/engine.js";
import type { Ran, Way } from "./ways/way.js";
import { makeWorkload, Sources } from "./workloads/make.js";
import type { Values, Workload } from "./workloads/workload.js";

/** Progress that is told sooner than this after the last one only costs messages. */
const PROGRESS_EVERY = 40;

const isIsolated = globalThis.crossOriginIsolated;

export class Session {
  readonly #report: (report: Report, transfer?: Transferable[]) => void;
  readonly #sources = new Sources();
  #running: AbortController | undefined;

  constructor(report: (report: Report, transfer?: Transferable[]) => void) {
    this.#report = report;
    report({ type: "ready", cores: navigator.hardwareConcurrency, isIsolated });
  }

  receive(command: Command): void {
    if (command.type === "picture") this.#sources.picture = command.file;
    else if (command.type === "stop") this.#running?.abort(new DOMException("Stopped", "AbortError"));
    else void this.#runAll(command.settings);
  }

  async #runAll(settings: Settings): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    try {
      const ledger = new Ledger();
      await using executor = new ParallelExecutor({
        maxWorkers: settings.workers,
        telemetry: ledger.telemetry,
        createWorker: () => new Worker(new URL("./pool-worker.ts", import.meta.url), { type: "module" }),
      });
      const workload = await makeWorkload(settings, executor, this.#sources, (text) => {
        this.#report({ type: "loading", text });
      });
      running.signal.throwIfAborted();
      const { payload, amount, unit } = workload;
      this.#report({ type: "workload", payload, amount, unit });
      const values = await this.#runWays(workload, executor, ledger, settings, running.signal);
      this.#reportPlan(workload, executor, ledger);
      const answer = await workload.answer(values);
      this.#report({ type: "answer", answer }, answer.kind === "image" ? [answer.bitmap] : []);
      this.#report({ type: "done" });
    } catch (error) {
      if (running.signal.aborted) this.#report({ type: "stopped" });
      else this.#report({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** @returns the sequential way's result */
  async #runWays(
    workload: Workload,
    executor: ParallelExecutor,
    ledger: Ledger,
    { workers, rounds, strategy }: Settings,
    signal: AbortSignal,
  ): Promise<Values> {
    using clone = new CloneWay(workload, workers);
    const ways: Readonly<Record<WayName, Way>> = {
      sequential: new EngineWay(workload, executor, ledger, "sequential"),
      clone,
      // Without isolation there is nothing to choose.
      shared: new EngineWay(workload, executor, ledger, isIsolated ? strategy : "auto"),
    };
    let first: Values | undefined;
    for (const name of ["sequential", "clone", "shared"] as const) {
      const before = performance.now();
      await ways[name].start();
      signal.throwIfAborted();
      const lanes = name === "sequential" ? 1 : workers + 1;
      this.#report({ type: "began", way: name, lanes, start: performance.now() - before });
      const { values, ranOn } = await this.#runRounds(name, ways[name], rounds, signal);
      first ??= values;
      const isEqual = compare(first, values);
      this.#report({ type: "ended", way: name, ranOn, fingerprint: fingerprint(values), isEqual });
      // Its workers would only be in the way.
      if (name === "clone") clone[Symbol.dispose]();
    }
    return first!;
  }

  /** @returns the last round */
  async #runRounds(name: WayName, way: Way, rounds: number, signal: AbortSignal): Promise<Ran> {
    const began = performance.now();
    let latest: Ran | undefined;
    for (let round = 0; round < rounds; round += 1) {
      let told = 0;
      latest = await way.round(signal, (share) => {
        if (performance.now() - told < PROGRESS_EVERY) return;
        told = performance.now();
        this.#report({ type: "progress", way: name, share });
      });
      this.#report({ type: "round", way: name, round: sinceBeginning(began, latest) });
    }
    return latest!;
  }

  /** What the planner thought of the shared way's last round, and what that took. */
  #reportPlan(workload: Workload, executor: ParallelExecutor, { decision, execution }: Ledger): void {
    const { predicted, reason, tasks, bytesShared } = decision!;
    // It runs on this machine.
    const strategy = decision!.decision as keyof typeof predicted;
    const { actual } = execution!;
    const text = workload.explain(executor)?.toString();
    this.#report({ type: "plan", plan: { strategy, predicted, reason, tasks, bytesShared, actual, text } });
  }
}

function sinceBeginning(began: number, { slices, start, end, bytesMoved }: Round): Round {
  return {
    start: start - began,
    end: end - began,
    slices: slices.map((slice) => ({ ...slice, start: slice.start - began, end: slice.end - began })),
    bytesMoved,
  };
}
