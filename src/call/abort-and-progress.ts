/** While a call runs: its signals, which stop it, and its progress, which the caller is told. */

import { clearInterval, setInterval } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { isPromise } from "../platform/maybe-promise.js";
import { unref } from "../platform/runtime.js";
import type { Job } from "../strategies/job.js";
import type { Progress } from "./types.js";

// Ten looks a second are as many as a person can follow; each reads one word of shared memory.
const INTERVAL_MS = 100;

/** What the watch must know of a call. */
interface Watched extends Stoppable {
  /** Tasks of all passes together, as far as they are known. */
  readonly tasks: number;
  /** Those that have ended. */
  readonly ended: number;
}

/** Ends the watch; with `true` after the last progress report. Further calls do nothing. */
export type Watch = (completed: boolean) => void;

/** Watches over a call: its signals stop it, and its progress is reported. */
export function watch(
  call: Watched,
  signal: AbortSignal | undefined,
  ownSignal: AbortSignal | undefined,
  onProgress: ((progress: Progress) => void) | undefined,
): Watch {
  const signals = [signal, ownSignal].filter((each) => each !== undefined);
  const unwatch = signals.map((each) => stopOnAbort(call, each));
  let report = onProgress === undefined ? undefined : reporter(call, onProgress);
  const timer =
    report === undefined
      ? undefined
      : setInterval(() => {
          try {
            report?.(call.ended);
          } catch (error) {
            // If the caller's listener fails, the call fails, and not the process.
            call.stop(error);
          }
        }, INTERVAL_MS);
  // The looks keep no process alive. What they look at does, except for a stream that waits for its loop.
  if (timer !== undefined) unref(timer);
  return (completed) => {
    clearInterval(timer);
    for (const end of unwatch) end();
    const last = report;
    report = undefined;
    if (completed) last?.(call.tasks);
  };
}

/** What a signal can stop. */
export type Stoppable = Pick<Job, "stop">;
/** A job that runs for another thread. */
export type Hosted = Pick<Job, "stop" | "apart">;

const stoppedBy = new WeakMap<AbortSignal, Set<Stoppable>>();

/**
 * Stops a call when the signal aborts, or has aborted. A signal has one listener for all calls that it stops, because Node
 * warns of a leak after ten.
 * @returns ends that
 */
export function stopOnAbort(call: Stoppable, signal: AbortSignal): () => void {
  if (signal.aborted) call.stop(signal.reason);
  let calls = stoppedBy.get(signal);
  if (calls === undefined) {
    calls = new Set();
    stoppedBy.set(signal, calls);
    signal.addEventListener("abort", onAbort);
  }
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size > 0 || stoppedBy.get(signal) !== calls) return;
    signal.removeEventListener("abort", onAbort);
    stoppedBy.delete(signal);
  };
}

function onAbort(this: AbortSignal): void {
  for (const call of [...(stoppedBy.get(this) ?? [])]) call.stop(this.reason);
}

/** Reports each count once, with the rate since it was made. */
function reporter(call: Watched, onProgress: (progress: Progress) => void): (completed: number) => void {
  const started = clock();
  const atFirst = call.tasks;
  let reported = -1;
  return (completed) => {
    if (completed === reported) return;
    reported = completed;
    // It grows as a source gives more. A call that was done early began with more.
    const total = Math.max(atFirst, call.tasks);
    const elapsed = clock() - started;
    const rate = elapsed > 0 ? (completed * 1000) / elapsed : 0;
    const eta = rate > 0 ? ((total - completed) * 1000) / rate : Infinity;
    const told: unknown = onProgress({ completed, total, rate, eta });
    if (isPromise(told)) told.then(undefined, (error) => call.stop(error));
  };
}
