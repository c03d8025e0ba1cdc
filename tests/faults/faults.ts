/** The kinds of faults, as data: what each needs, what it costs, and what it may turn a call into. */

/** Where in a task a fault strikes. "midway" is the middle of the work, when it has written half of its outputs. */
export const POINTS = ["before", "midway", "after"] as const;
export type Point = (typeof POINTS)[number];

interface TaskFaultKind {
  readonly weight: number;
  /** Only at this point. */
  readonly point?: Point;
  /** Ends its worker; on the caller's thread it passes by. */
  readonly kills?: true;
  /** Strikes some time after its task: whatever is in the worker then is hit. */
  readonly isStray?: true;
  /** Passes by on the caller's thread, which has nobody to send to, and whose built-in objects are the program's own. */
  readonly isOfWorkers?: true;
  /** Asks the caller's side, which aborts the call or ends the worker. */
  readonly asks?: "abort" | "terminate";
  /** Never ends by itself, so it passes by on the caller's thread. */
  readonly isEndless?: true;
  /** Fails the call with this, every time that its task runs. */
  readonly fails?: "KernelError" | "TaskTimeoutError";
  /** Ends by itself, so the task ends well if the calling thread was too busy to look at its time. */
  readonly mayPass?: true;
  /** Shows in what the task returns, so after all that strikes in it. */
  readonly isOfResult?: true;
  /** What `amount` counts, and its most. */
  readonly amount?: readonly [unit: "ms" | "operations" | "times", most: number];
  /**
   * Only async kernels wait, only values by message have it, only limited heaps end by it, and that takes longer than
   * time-outs of tasks allow. It would end the whole process, which a child may.
   */
  readonly needs?: "async" | "message" | "heap limit" | "time-out" | "child process";
}

/** Struck in a task, by its data: exactly as often as planned. `kernels.ts` has what each does. */
export const TASK_FAULTS = {
  exit: { weight: 4, kills: true },
  "exit between tasks": { weight: 3, kills: true, isStray: true },
  "exit while sending": { weight: 2, kills: true, point: "after", needs: "message" },
  "exit in the protocol": { weight: 6, kills: true, isStray: true, amount: ["operations", 60] },
  "uncaught error": { weight: 2, kills: true, isStray: true },
  "unhandled rejection": { weight: 2, kills: true, isStray: true },
  "heap limit": { weight: 1, kills: true, needs: "heap limit" },
  terminated: { weight: 4, kills: true, isEndless: true, asks: "terminate" },
  killed: { weight: 4, kills: true, needs: "child process" },
  crash: { weight: 4, kills: true, needs: "child process" },
  "abort()": { weight: 2, kills: true, needs: "child process" },
  "torn message": { weight: 4, kills: true, isStray: true, needs: "child process" },
  "unreadable message": { weight: 3, isStray: true, isOfWorkers: true },
  "broken built-ins": { weight: 3, point: "after", isOfWorkers: true },
  "unreadable result": {
    weight: 6,
    fails: "KernelError",
    isOfWorkers: true,
    isOfResult: true,
    point: "after",
    needs: "message",
  },
  "leaves work behind": { weight: 5, amount: ["times", 2000] },
  throw: { weight: 4, fails: "KernelError" },
  overtime: { weight: 6, fails: "TaskTimeoutError", needs: "time-out" },
  "overtime until told": { weight: 3, fails: "TaskTimeoutError", needs: "time-out" },
  "overtime of a promise": { weight: 3, fails: "TaskTimeoutError", point: "before", needs: "time-out" },
  "overtime in a system call": {
    weight: 2,
    fails: "TaskTimeoutError",
    mayPass: true,
    isOfWorkers: true,
    needs: "time-out",
  },
  delay: { weight: 3, amount: ["ms", 30] },
  sleep: { weight: 4, point: "before", amount: ["ms", 30], needs: "async" },
  abort: { weight: 3, asks: "abort" },
  "endless loop": { weight: 0.5, isEndless: true, asks: "abort" },
  "endless wait": { weight: 0.5, isEndless: true, asks: "abort" },
  "unsettled promise": { weight: 0.5, point: "before", isEndless: true, asks: "abort" },
} as const satisfies Readonly<Record<string, TaskFaultKind>>;
export type TaskFaultName = keyof typeof TASK_FAULTS;

export function taskFault(name: TaskFaultName): TaskFaultKind {
  return TASK_FAULTS[name];
}

/** Done to a call by its caller, `amount` milliseconds (results, for "leave") after its start. */
export const CALL_FAULTS = {
  "aborted before": { weight: 1 },
  signal: { weight: 4 },
  cancel: { weight: 1 },
  leave: { weight: 6 },
  "too much memory": { weight: 2 },
  "crowded memory": { weight: 2 },
  "arrays transferred": { weight: 4 },
  "arrays shrunk": { weight: 3 },
  "arrays grown": { weight: 2 },
  "clone kept": { weight: 5 },
  "clone posted": { weight: 3 },
  released: { weight: 4 },
} as const;
type CallFaultName = keyof typeof CALL_FAULTS;

/** Done to a worker from outside, at its birth or `amount` milliseconds after it; or met by its initializer. */
export const WORKER_FAULTS = {
  "exit in its initializer": { weight: 1 },
  "terminated at birth": { weight: 1 },
  "terminated when online": { weight: 2 },
  "terminated later": { weight: 4 },
  "stopped for a while": { weight: 2, needs: "child process" },
} as const satisfies Readonly<Record<string, { readonly weight: number; readonly needs?: "child process" }>>;
export type WorkerFaultName = keyof typeof WORKER_FAULTS;

export interface TaskFault {
  readonly kind: TaskFaultName;
  readonly task: number;
  readonly point: Point;
  readonly times: number;
  readonly amount: number;
  /** Passes by on the caller's thread. */
  readonly needsWorker: boolean;
}

export interface CallFault {
  readonly kind: CallFaultName;
  readonly amount: number;
}

export interface WorkerFault {
  readonly kind: WorkerFaultName;
  /** Which of the workers that the sequence starts, or of the initializers that begin, from 0. */
  readonly worker: number;
  readonly amount: number;
}
