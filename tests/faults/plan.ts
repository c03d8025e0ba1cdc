/** From a seed to a sequence: which calls an executor gets, and what goes wrong meanwhile. Plain data, no effects. */
import type { ParallelOptions } from "sharray";
import { CALLS, type CallName } from "./calls.js";
import {
  CALL_FAULTS,
  type CallFault,
  POINTS,
  TASK_FAULTS,
  type TaskFault,
  taskFault,
  WORKER_FAULTS,
  type WorkerFault,
  type WorkerFaultName,
} from "./faults.js";
import type { Home, ResultKind } from "./kernels.js";
import { Random } from "./random.js";

export interface JobPlan {
  readonly call: CallName;
  readonly home: Home;
  readonly result: ResultKind;
  readonly isAsync: boolean;
  readonly isShared: boolean;
  readonly strategy: NonNullable<ParallelOptions["strategy"]>;
  readonly tasks: number;
  readonly chunkSize: number;
  /** Elements that the last chunk lacks. */
  readonly cut: number;
  /** Of its data. */
  readonly seed: number;
  /** Has a signal of its own, or one with all calls of its wave. */
  readonly signal: "own" | "wave";
  /** Of a stream's loop: it takes a turn of the event loop over each result. */
  readonly readsSlowly: boolean;
  /** Milliseconds that each task may take. */
  readonly timeout: number | undefined;
  readonly taskFaults: readonly TaskFault[];
  readonly callFault: CallFault | undefined;
}

/** How the executor is shut down: when all is done, or while the calls of the last wave run. */
export type End = "afterwards" | "meanwhile" | "with a deadline" | "by disposal";
const ENDS: readonly End[] = ["afterwards", "afterwards", "meanwhile", "with a deadline", "by disposal"];

export interface SequencePlan {
  readonly seed: number;
  readonly options: ParallelOptions & {
    readonly maxWorkers: number;
    readonly maxRetries: number;
    readonly maxSharedBytes: number;
  };
  /** Calls of one wave are in flight at once; the next wave starts when all have ended, or `pause` ms later. */
  readonly waves: readonly { readonly pause: number; readonly jobs: readonly JobPlan[] }[];
  readonly workerFaults: readonly WorkerFault[];
  readonly hasInitializer: boolean;
  /** Bytes that the file of child processes may have; `undefined` if as many as there are. */
  readonly transitRoom: number | undefined;
  /** Somebody traces the calls. */
  readonly isTraced: boolean;
  /** After each wave. */
  readonly collectsGarbage: boolean;
  readonly end: End;
}

/** How hard a sequence is. */
export interface Settings {
  readonly workers: "threads" | "processes";
  readonly faultsPerJob: number;
  readonly mostTasks: number;
  readonly maxWorkers: readonly number[];
}
/** Room for the words of children, and for little or nothing else. */
const ROOMS = [4096, 16_384, 65_536, 2 ** 20];

export const SETTINGS = {
  usual: { workers: "threads", faultsPerJob: 1, mostTasks: 20_000, maxWorkers: [1, 2, 2, 3] },
  farther: { workers: "threads", faultsPerJob: 4, mostTasks: 2_000, maxWorkers: [3] },
  processes: { workers: "processes", faultsPerJob: 1, mostTasks: 5_000, maxWorkers: [1, 2, 2, 3] },
} as const satisfies Readonly<Record<string, Settings>>;

/** As many retries as no sequence uses up: then every call must come to its own end. */
const PLENTY = 1000;
/** So long that no other task takes it, be the machine as busy as it may. */
const TIMEOUT_MS = 1000;
/** Strikes as often as its task runs. */
const ALWAYS = 2 ** 31 - 1;
const RESULTS: readonly ResultKind[] = ["number", "slots", "text", "object", "array", "mixed"];

const needsChild = (name: WorkerFaultName): boolean => "needs" in WORKER_FAULTS[name];

export function planSequence(seed: number, settings: Settings): SequencePlan {
  const random = new Random(seed);
  const { workers } = settings;
  const options = {
    strategy: random.pick([workers, workers, workers, "auto"] as const),
    maxWorkers: random.pick(settings.maxWorkers),
    maxRetries: random.chance(0.7) ? PLENTY : random.integer(0, 3),
    maxSharedBytes: 2 ** 25,
    idleTimeout: random.pick([5000, 5000, 50, 5]),
    forceSerialOnFailure: random.chance(0.2),
    resourceLimits: random.chance(0.3)
      ? { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 8 }
      : undefined,
  };
  const waves = Array.from({ length: random.integer(2, 5) }, () => ({
    pause: random.pick([0, 0, 1, 10, 30]),
    jobs: Array.from({ length: random.magnitude(24) }, () => planJob(random, options, settings)),
  }));
  const workerFaults = Array.from({ length: random.magnitude(6) - 1 }, () => ({
    kind: random.weighted(WORKER_FAULTS, (name) => workers === "processes" || !needsChild(name)),
    worker: random.integer(0, 6),
    amount: random.magnitude(200),
  }));
  return {
    seed,
    options,
    waves,
    workerFaults,
    hasInitializer: random.chance(0.1) || workerFaults.some(({ kind }) => kind === "exit in its initializer"),
    transitRoom: workers === "processes" && random.chance(0.2) ? random.pick(ROOMS) : undefined,
    isTraced: random.chance(0.2),
    collectsGarbage: random.chance(0.5),
    end: random.pick(ENDS),
  };
}

function planJob(random: Random, options: SequencePlan["options"], settings: Settings): JobPlan {
  const call = random.weighted(CALLS, () => true);
  const isReduced = call === "reduce";
  const job = {
    call,
    home: random.pick(["module", "module", "inline", "pure"] as const),
    result: random.pick(isReduced ? (["number", "text"] as const) : RESULTS),
    isAsync: random.chance(0.3),
    isShared: random.chance(0.5),
    strategy: random.pick([
      options.strategy ?? "auto",
      options.strategy ?? "auto",
      settings.workers,
      "sequential",
    ] as const),
    tasks: random.chance(0.05) ? 0 : random.magnitude(call === "list" ? 300 : settings.mostTasks),
    chunkSize: random.magnitude(30),
    seed: random.integer(0, 1e6),
    signal: random.chance(0.8) ? ("own" as const) : ("wave" as const),
    readsSlowly: random.chance(0.3),
    timeout: random.chance(0.15) ? TIMEOUT_MS : undefined,
  };
  const count =
    job.home === "pure" || job.tasks === 0 ? 0 : random.magnitude(2 * settings.faultsPerJob + 1) - 1;
  const taskFaults = Array.from({ length: count }, () => planTaskFault(random, job, options));
  return {
    ...job,
    cut: job.tasks === 0 ? 0 : random.integer(0, job.chunkSize - 1),
    taskFaults,
    callFault: random.chance(0.3) ? planCallFault(random, { ...job, taskFaults }) : undefined,
  };
}

function planTaskFault(
  random: Random,
  job: Pick<JobPlan, "tasks" | "strategy" | "call" | "result" | "timeout" | "isAsync">,
  { maxRetries, resourceLimits }: SequencePlan["options"],
): TaskFault {
  const kind = random.weighted(TASK_FAULTS, (name) => {
    const { needs } = taskFault(name);
    if (needs === "child process") return job.strategy === "processes";
    if (needs === "async") return job.isAsync;
    if (needs === "message") return job.call !== "transform" && job.result === "object";
    if (needs === "time-out") return job.timeout !== undefined;
    return needs === undefined || (resourceLimits !== undefined && job.timeout === undefined);
  });
  const { point, fails, isStray, isOfWorkers, isEndless, kills, amount } = taskFault(kind);
  // Without an end only if retries have one.
  const isLethal = kills === true && isStray === undefined && maxRetries < PLENTY && random.chance(0.1);
  return {
    kind,
    task: random.integer(0, job.tasks - 1),
    point: point ?? random.pick(POINTS),
    times: fails !== undefined || isLethal ? ALWAYS : random.pick([1, 1, 1, 2]),
    amount: amount === undefined ? 0 : random.magnitude(amount[1]),
    // What an async task does after its first await cannot be stopped on the caller's thread.
    needsWorker:
      kills === true ||
      isOfWorkers === true ||
      isEndless === true ||
      (job.isAsync && fails === "TaskTimeoutError"),
  };
}

function planCallFault(
  random: Random,
  job: Pick<JobPlan, "call" | "tasks" | "strategy" | "isShared" | "taskFaults">,
): CallFault {
  // Work left behind writes to what its call was given, as it may.
  const mayKeep = job.taskFaults.every(({ kind }) => kind !== "leaves work behind");
  const isGiven = job.isShared || job.call === "transform";
  const kind = random.weighted(CALL_FAULTS, (name) => {
    if (name === "leave") return job.call === "stream" && job.tasks > 0;
    if (name.startsWith("arrays ")) return !job.isShared;
    if (name.startsWith("clone ")) return isGiven && mayKeep;
    if (name === "released") return isGiven;
    return name !== "too much memory" || (job.strategy === "threads" && job.tasks > 0);
  });
  return {
    kind,
    amount: kind === "leave" ? random.integer(1, job.tasks) : random.integer(0, random.magnitude(60)),
  };
}

export function plannedKinds({ waves, workerFaults }: SequencePlan): string[] {
  const jobs = waves.flatMap((wave) => wave.jobs);
  const ofCalls = jobs.flatMap(({ taskFaults, callFault }) => [...taskFaults, callFault ?? []].flat());
  return [...new Set([...ofCalls, ...workerFaults].map(({ kind }) => kind))];
}

/** One line for a person. */
export function describeJob(job: JobPlan): string {
  const {
    call,
    home,
    result,
    isAsync,
    isShared,
    strategy,
    tasks,
    chunkSize,
    timeout,
    taskFaults,
    callFault,
  } = job;
  const faults = taskFaults.map(
    ({ kind, point, task, times, amount }) =>
      `${kind} (${amount}) ${point} task ${task}, ${times === ALWAYS ? "always" : `${times}x`}`,
  );
  if (callFault !== undefined) faults.push(`${callFault.kind} at ${callFault.amount}`);
  return (
    `${call} of ${tasks} tasks by ${chunkSize}, ${isAsync ? "async " : ""}${home} kernel, ${result} results, ` +
    `${isShared ? "shared" : "plain"}, ${strategy}${timeout === undefined ? "" : `, ${timeout} ms a task`}; ${faults.join("; ") || "no faults"}`
  );
}
