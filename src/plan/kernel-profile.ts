/** What kernels were measured to cost, so that the next call knows more than the last. */
import { RecentMap } from "../platform/recent-map.js";
import type { KernelCost, StrategyName } from "./plan.js";

/** One run, as measured. */
export interface KernelRun {
  readonly strategy: StrategyName;
  /** Payload bytes of all tasks that were run. */
  readonly bytes: number;
  readonly tasks: number;
  /** Milliseconds that all threads together spent in tasks. */
  readonly busy: number;
  /** Milliseconds from the end of the last task to the result; undefined: not to be told from other calls' work. */
  readonly results: number | undefined;
  /** Milliseconds spent on preparing and dispatching; undefined: not to be told. */
  readonly dispatch: number | undefined;
}

// Whatever disturbs a measurement makes it longer (compiling, collecting garbage, other processes), so a shorter one is
// believed sooner. One outlier must not decide.
const WEIGHT_SHORTER = 2 / 3;
const WEIGHT_LONGER = 1 / 3;
// Neither must a few: what takes much longer than ever before counts as this much longer.
const LONGEST_FACTOR = 3;
// A kernel that ran on workers only is supposed to run so much faster alone, where nothing competes for the memory:
// sequential is tried where that would make it the better choice.
const ALONE = 0.7;
// Programs that generate kernels must not grow for ever.
const MOST_KERNELS = 1000;

interface Figures {
  perByte: number;
  perResult: number | undefined;
  dispatch: number | undefined;
  runs: number;
  /** Runs of the other strategy since. */
  since: number;
}

interface Entry {
  readonly sequential: Figures;
  readonly threads: Figures;
  spread: number;
}

export class KernelProfiles {
  readonly #entries = new RecentMap<number, Entry>(MOST_KERNELS);

  /** @param key names the kernel and the kinds of its arrays */
  costOf(key: number): KernelCost | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { sequential, threads, spread } = entry;
    return {
      perByte: { sequential: known(sequential, threads, ALONE), threads: known(threads, sequential, 1) },
      perResult: {
        sequential: sequential.perResult ?? threads.perResult ?? 0,
        threads: threads.perResult ?? sequential.perResult ?? 0,
      },
      dispatch: { sequential: sequential.dispatch, threads: threads.dispatch },
      since: { sequential: sequential.since, threads: threads.since },
      spread,
      runs: sequential.runs + threads.runs,
      isOnWorkers: threads.runs > 0,
    };
  }

  learn(key: number, { strategy, bytes, tasks, busy, results, dispatch }: KernelRun): void {
    if (tasks === 0) return;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { sequential: noFigures(), threads: noFigures(), spread: 0 };
      this.#entries.set(key, entry);
    }
    const figures = entry[strategy];
    const other = entry[strategy === "threads" ? "sequential" : "threads"];
    const measured = busy / Math.max(1, bytes);
    if (figures.runs > 0 && figures.perByte > 0) {
      const deviation = Math.min(LONGEST_FACTOR, Math.abs(measured / figures.perByte - 1));
      entry.spread += WEIGHT_LONGER * (deviation - entry.spread);
    }
    figures.perByte = figures.runs === 0 ? measured : mean(figures.perByte, measured);
    if (results !== undefined) figures.perResult = mean(figures.perResult, results / tasks);
    if (dispatch !== undefined) figures.dispatch = mean(figures.dispatch, dispatch);
    figures.runs += 1;
    figures.since = 0;
    other.since += 1;
  }
}

function noFigures(): Figures {
  return { perByte: 0, perResult: undefined, dispatch: undefined, runs: 0, since: 0 };
}

function mean(before: number | undefined, measured: number): number {
  if (before === undefined) return measured;
  const taken = before > 0 ? Math.min(measured, LONGEST_FACTOR * before) : measured;
  return before + (taken < before ? WEIGHT_SHORTER : WEIGHT_LONGER) * (taken - before);
}

/** @param untried cost of a strategy that never ran, as a share of the other's */
function known(own: Figures, other: Figures, untried: number): number {
  if (own.runs === 0) return untried * other.perByte;
  if (other.runs === 0) return own.perByte;
  // The first run was compiled on the way, so it tells as little as none.
  return own.runs === 1 ? Math.min(own.perByte, untried * other.perByte) : own.perByte;
}
