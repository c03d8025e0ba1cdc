/** How a call must end, as far as the faults in its tasks decide it. */
import { POINTS, type TaskFault, taskFault } from "./faults.js";
import type { JobPlan, SequencePlan } from "./plan.js";

export interface Fate {
  /** The task that decides it: the first whose faults do. */
  readonly task: number;
  readonly error: "KernelError" | "TaskTimeoutError" | "WorkerLostError";
}

/** @returns undefined: it gives its result, or is aborted by a fault that asks for that */
export function fateOf(
  job: JobPlan,
  { forceSerialOnFailure, maxRetries }: SequencePlan["options"],
): Fate | undefined {
  // Elsewhere tasks may run on the caller's thread, where nothing ends a worker.
  const isOnWorkers = job.strategy === "threads" && forceSerialOnFailure !== true;
  const tasks = [...new Set(job.taskFaults.map(({ task }) => task))].sort((a, b) => a - b);
  for (const task of tasks) {
    const faults = job.taskFaults
      .filter((fault) => fault.task === task && (isOnWorkers || !fault.needsWorker))
      .sort((a, b) => POINTS.indexOf(a.point) - POINTS.indexOf(b.point));
    const error = endOfTask(faults, maxRetries);
    if (error !== undefined) return { task, error };
  }
  return undefined;
}

/** Runs the task in mind: from fault to fault, and again from the start when its worker ended. */
function endOfTask(faults: readonly TaskFault[], maxRetries: number): Fate["error"] | undefined {
  const left = faults.map(({ times }) => times);
  for (let blame = 0; blame <= maxRetries; ) {
    const at = faults.findIndex(({ kind }, i) => {
      const { fails, kills, isStray, isEndless } = taskFault(kind);
      return (
        left[i]! > 0 && isStray === undefined && (fails !== undefined || kills === true || isEndless === true)
      );
    });
    if (at === -1) return undefined;
    const { fails, kills } = taskFault(faults[at]!.kind);
    if (fails !== undefined) return fails;
    // It asks for the call's abort, and waits for it.
    if (kills === undefined) return undefined;
    left[at]! -= 1;
    blame += 1;
  }
  return "WorkerLostError";
}
