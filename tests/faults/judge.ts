/** Decides whether a job ended as its faults allow: with the plain result, or with an error that they justify. */
import { isDeepStrictEqual } from "node:util";
import { KernelError, MemoryLimitError, WorkerLostError } from "sharray";
import { callKind } from "./calls.js";
import { POINTS, type TaskFault, taskFault } from "./faults.js";
import type { Ending, Job, World } from "./job.js";
import { isLethal } from "./plan.js";

interface Case {
  readonly job: Job;
  readonly world: World;
  readonly payload: unknown;
  /** The fault that decides how the call ends; undefined: none does, it gives its result. */
  readonly fatal: TaskFault | undefined;
}

/** @returns what is wrong; undefined: nothing */
export function judge(job: Job, world: World, payload: unknown, ending: Ending): string | undefined {
  const fatal = fatalFault(job, world);
  if (ending.type === "hang") return "did not end";
  if (job.isLate) return "went on after it was stopped";
  const partial = wrongStream(job, payload);
  if (partial !== undefined) return partial;
  if (ending.type === "error") {
    const excuse = EXCUSES.find(([, holds]) => holds(ending.error, { job, world, payload, fatal }));
    world.tally.add("endings", excuse?.[0] ?? "unjustified");
    return excuse === undefined ? `rejected with ${describe(ending.error)}` : undefined;
  }
  world.tally.add("endings", job.hasLeft ? "left" : "result");
  return job.hasLeft ? undefined : wrongValue({ job, world, payload, fatal }, ending.value);
}

/** Why a call may reject. */
const EXCUSES: readonly (readonly [name: string, holds: (error: unknown, given: Case) => boolean])[] = [
  ["KernelError", isTheKernelsError],
  ["aborted", (error, { job }) => job.signal.aborted && error === job.signal.reason],
  ["cancelled", (error, { job }) => job.cancelledWith.has(error)],
  ["WorkerLostError", isLossJustified],
  ["MemoryLimitError", isMemoryShort],
];

/** Of what ends a call for certain, the first in the order of tasks. */
function fatalFault(job: Job, { plan }: World): TaskFault | undefined {
  const { strategy, taskFaults } = job.plan;
  const losesCall = strategy === "threads" && plan.options.forceSerialOnFailure !== true;
  return taskFaults
    .filter((fault) => fault.kind === "throw" || (losesCall && isLethal(fault)))
    .sort((a, b) => a.task - b.task || POINTS.indexOf(a.point) - POINTS.indexOf(b.point))[0];
}

function wrongValue({ job, payload, fatal }: Case, value: unknown): string | undefined {
  if (fatal !== undefined) return `gave a result in spite of "${fatal.kind}" at task ${fatal.task}`;
  const fault = job.plan.callFault?.kind;
  if (fault === "aborted before" || fault === "too much memory")
    return `gave a result in spite of "${fault}"`;
  if (job.plan.call === "stream") {
    return job.seen.length === job.plan.tasks ? undefined : `gave ${job.seen.length} results`;
  }
  const expected = callKind(job.plan.call).expected(job.plan, payload);
  return isDeepStrictEqual(value, expected) ? undefined : `gave a wrong result${difference(value, expected)}`;
}

/** Each result of a stream comes once and is right, however the stream ends. */
function wrongStream({ plan, seen }: Job, payload: unknown): string | undefined {
  if (plan.call !== "stream") return undefined;
  const expected = callKind(plan.call).expected(plan, payload) as unknown[];
  const indices = new Set<number>();
  for (const [index, value] of seen) {
    if (indices.has(index)) return `gave result ${index} twice`;
    indices.add(index);
    if (!isDeepStrictEqual(value, expected[index])) return `gave a wrong result ${index}`;
  }
  return undefined;
}

function isTheKernelsError(error: unknown, { job, payload, fatal }: Case): boolean {
  if (!(error instanceof KernelError) || fatal?.kind !== "throw") return false;
  const { index, start, end, cause } = error;
  const range = callKind(job.plan.call).range(job.plan, payload, fatal.task);
  const isTheCause = cause instanceof RangeError && "task" in cause && cause.task === fatal.task;
  return isTheCause && isDeepStrictEqual([index, start, end], [fatal.task, ...range]);
}

/** More workers ended in its time than it may lose, and that by faults. */
function isLossJustified(error: unknown, { job, world, fatal }: Case): boolean {
  const { forceSerialOnFailure, maxRetries } = world.plan.options;
  if (!(error instanceof WorkerLostError) || forceSerialOnFailure) return false;
  const exits = world.workers.exits.slice(job.exitsBefore);
  if (error.exitCode !== undefined && !exits.includes(error.exitCode)) return false;
  return (fatal !== undefined && isLethal(fatal)) || Math.min(exits.length, killed(world)) > maxRetries;
}

/** Workers that faults have ended so far, or are about to. */
export function killed({ jobs, workers }: World): number {
  const inTasks = jobs
    .flatMap((job) => job.struck())
    .reduce((sum, [{ kind }, times]) => {
      const { kills, asks } = taskFault(kind);
      // Those that ask for it are counted where it is done.
      return kills === true && asks === undefined ? sum + times : sum;
    }, 0);
  return inTasks + workers.struck;
}

function isMemoryShort(error: unknown, { job, world }: Case): boolean {
  const limit = world.plan.options.maxSharedBytes;
  if (!(error instanceof MemoryLimitError) || error.limit !== limit) return false;
  const isCrowded = world.jobs.some(({ plan }) => plan.callFault?.kind === "crowded memory");
  return job.plan.callFault?.kind === "too much memory" || isCrowded;
}

function difference(value: unknown, expected: unknown): string {
  if (!Array.isArray(value) || !Array.isArray(expected)) return "";
  const at = expected.findIndex((each, i) => !isDeepStrictEqual(value[i], each));
  return ` at ${at} of ${expected.length}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
