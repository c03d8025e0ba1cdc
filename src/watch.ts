/** While a call runs: its signals, which stop it, and its progress, which the caller is told. */
import type { Progress } from "./calls.js";
import type { Job } from "./dispatch/job.js";

// Ten looks a second are as many as a person can follow; each reads one word of shared memory.
const INTERVAL_MS = 100;

/**
 * Watches over a job.
 * @returns ends the watch; with `true` after the last progress report. Further calls do nothing.
 */
export function watch(
  job: Job,
  signals: readonly AbortSignal[],
  onProgress: ((progress: Progress) => void) | undefined,
): (completed: boolean) => void {
  const onAbort = (event: Event): void => job.stop((event.target as AbortSignal).reason);
  for (const signal of signals) signal.addEventListener("abort", onAbort);
  const report = onProgress === undefined ? undefined : reporter(job.parts.spec.tasks, onProgress);
  const timer =
    report === undefined
      ? undefined
      : setInterval(() => {
          try {
            report(job.ended);
          } catch (error) {
            // The caller's listener failed: so does the call, rather than the process.
            job.stop(error);
          }
        }, INTERVAL_MS);
  return (completed) => {
    clearInterval(timer);
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
    if (completed) report?.(job.parts.spec.tasks);
  };
}

/** Reports each count once, with the rate since it was made. */
function reporter(total: number, onProgress: (progress: Progress) => void): (completed: number) => void {
  const started = performance.now();
  let reported = -1;
  return (completed) => {
    if (completed === reported) return;
    reported = completed;
    const elapsed = performance.now() - started;
    const rate = elapsed > 0 ? (completed * 1000) / elapsed : 0;
    const eta = rate > 0 ? ((total - completed) * 1000) / rate : Infinity;
    onProgress({ completed, total, rate, eta });
  };
}
