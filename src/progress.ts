import type { Progress } from "./calls.js";
import type { Job } from "./dispatch/job.js";

// Ten looks a second are as many as a person can follow; each reads one word of shared memory.
const INTERVAL_MS = 100;

/** Reports a job's progress from its counter in shared memory, without a message per task. */
export function watchProgress(
  job: Job,
  onProgress: ((progress: Progress) => void) | undefined,
): { finish(): void; stop(): void } {
  if (onProgress === undefined) return { finish() {}, stop() {} };
  const { tasks: total } = job.parts.spec;
  const started = performance.now();
  let reported = -1;
  const report = (completed: number): void => {
    if (completed === reported) return;
    reported = completed;
    const elapsed = performance.now() - started;
    const rate = elapsed > 0 ? (completed * 1000) / elapsed : 0;
    const eta = rate > 0 ? ((total - completed) * 1000) / rate : Infinity;
    onProgress({ completed, total, rate, eta });
  };
  const timer = setInterval(() => {
    try {
      report(job.ended);
    } catch (error) {
      // The caller's listener failed: so does the call, rather than the process.
      job.stop(error);
    }
  }, INTERVAL_MS);
  return { finish: () => report(total), stop: () => clearInterval(timer) };
}
