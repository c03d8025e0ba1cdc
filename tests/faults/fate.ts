/** How a call may end, as far as the faults in its tasks decide it. */
import { POINTS, type TaskFault, taskFault } from "./faults.js";
import type { JobPlan, SequencePlan } from "./plan.js";

export interface Fate {
  readonly task: number;
  readonly error: "KernelError" | "TaskTimeoutError" | "WorkerLostError";
}

export interface Fates {
  /** Each of a task that nothing before it needs to keep from running. */
  readonly errors: readonly Fate[];
  /** Whether all tasks may end well. */
  readonly mayEndWell: boolean;
}

/** The first task that fails decides. If calls may run on the calling thread, some faults have no effect there. */
export function fatesOf(job: JobPlan, { forceSerialOnFailure, maxRetries }: SequencePlan["options"]): Fates {
  const isSerialInTheEnd = forceSerialOnFailure === true;
  const places = {
    threads: isSerialInTheEnd ? ["worker", "caller"] : ["worker"],
    processes: isSerialInTheEnd ? ["worker", "caller"] : ["worker"],
    auto: ["worker", "caller"],
    sequential: ["caller"],
  }[job.strategy];
  const errors: Fate[] = [];
  const tasks = [...new Set(job.taskFaults.map(({ task }) => task))].sort((a, b) => a - b);
  for (const task of tasks) {
    const ways = places.flatMap((place) => [
      { place, passes: false },
      { place, passes: true },
    ]);
    const ends = ways.map(({ place, passes }) => {
      const faults = job.taskFaults
        .filter((fault) => fault.task === task && (place === "worker" || !fault.needsWorker))
        .filter(({ kind }) => !passes || taskFault(kind).mayPass !== true)
        .sort((a, b) => orderOf(a) - orderOf(b));
      const error = endOfTask(faults, maxRetries);
      return error === "WorkerLostError" && isSerialInTheEnd ? undefined : error;
    });
    for (const error of ends) if (error !== undefined) errors.push({ task, error });
    if (!ends.includes(undefined)) return { errors, mayEndWell: false };
  }
  return { errors, mayEndWell: true };
}

function orderOf({ point, kind }: TaskFault): number {
  return taskFault(kind).isOfResult === true ? POINTS.length : POINTS.indexOf(point);
}

/** Runs the task in mind: from fault to fault, and again from the start when its worker ended. */
function endOfTask(faults: readonly TaskFault[], maxRetries: number): Fate["error"] | undefined {
  const left = faults.map(({ times }) => times);
  for (let blame = 0; blame <= maxRetries; blame++) {
    const at = faults.findIndex(({ kind }, i) => {
      const { fails, kills, isStray, isEndless } = taskFault(kind);
      const ends = fails !== undefined || isEndless === true || (kills === true && isStray === undefined);
      return ends && left[i]! > 0;
    });
    if (at === -1) return undefined;
    const { fails, kills } = taskFault(faults[at]!.kind);
    // One without an end asks for the call's abort, and waits for it.
    if (kills === undefined) return fails;
    left[at]! -= 1;
  }
  return "WorkerLostError";
}
