/** Decides whether a job ended as its faults allow: with the plain result, or with an error that they justify. */
import { constants } from "node:os";
import { isDeepStrictEqual } from "node:util";
import {
  KernelError,
  MemoryLimitError,
  type PartialResults,
  TaskTimeoutError,
  WorkerLostError,
} from "sharray";
import { callKind, expectedOf, partOf } from "./calls.js";
import { type Fate, type Fates, fatesOf } from "./fate.js";
import { taskFault } from "./faults.js";
import type { Ending, Job, World } from "./job.js";

interface Case {
  readonly job: Job;
  readonly world: World;
  readonly payload: unknown;
  readonly fates: Fates;
}

/** @returns what is wrong; `undefined` if nothing */
export function judge(job: Job, world: World, payload: unknown, ending: Ending): string | undefined {
  const given = { job, world, payload, fates: fatesOf(job.plan, world.plan.options) };
  if (ending.type === "hang") return "did not end";
  if (job.isLate) return "went on after it was stopped";
  return (
    wrongStream(job, payload) ??
    (ending.type === "error" ? wrongError(given, ending.error) : wrongValue(given, ending.value))
  );
}

function wrongValue({ job, world, payload, fates }: Case, value: unknown): string | undefined {
  world.tally.add("endings", job.hasLeft ? "left" : "result");
  if (job.hasLeft) return undefined;
  if (!fates.mayEndWell) return `gave a result in spite of ${JSON.stringify(fates.errors)}`;
  const { plan, seen } = job;
  const fault = plan.callFault?.kind;
  if (fault === "aborted before" || fault === "too much memory")
    return `gave a result in spite of "${fault}"`;
  if (plan.call === "stream") return seen.length === plan.tasks ? undefined : `gave ${seen.length} results`;
  const expected = expectedOf(plan, payload);
  return isDeepStrictEqual(value, expected) ? undefined : `gave a wrong result${difference(value, expected)}`;
}

function difference(value: unknown, expected: unknown): string {
  if (!Array.isArray(value) || !Array.isArray(expected)) return "";
  return ` at ${expected.findIndex((each, i) => !isDeepStrictEqual(value[i], each))} of ${expected.length}`;
}

/** Each result of a stream comes once and is right, however the stream ends. */
function wrongStream({ plan, seen }: Job, payload: unknown): string | undefined {
  if (plan.call !== "stream") return undefined;
  const kind = callKind(plan.call);
  const indices = new Set<number>();
  for (const [index, value] of seen) {
    if (indices.has(index)) return `gave result ${index} twice`;
    indices.add(index);
    if (!isDeepStrictEqual(value, kind.value(plan, payload, index))) return `gave a wrong result ${index}`;
  }
  return undefined;
}

function wrongError(given: Case, error: unknown): string | undefined {
  const excuse = EXCUSES.find(([, holds]) => holds(error, given));
  given.world.tally.add("endings", excuse?.[0] ?? "unjustified");
  if (excuse === undefined) return `rejected with ${error instanceof Error ? error.stack : String(error)}`;
  const hasPartial =
    error instanceof KernelError || error instanceof TaskTimeoutError || error instanceof WorkerLostError;
  return hasPartial ? wrongPartial(given, error.partial) : undefined;
}

/** Why a call may reject. */
const EXCUSES: readonly (readonly [name: string, holds: (error: unknown, given: Case) => boolean])[] = [
  [
    "KernelError",
    (error, given) => error instanceof KernelError && isFate("KernelError", error, given) && isOurs(error),
  ],
  ["unread", (error, given) => error instanceof KernelError && isUnread(error, given)],
  [
    "TaskTimeoutError",
    (error, given) => error instanceof TaskTimeoutError && isFate("TaskTimeoutError", error, given),
  ],
  ["held up", (error, given) => error instanceof TaskTimeoutError && isHeldUp(error, given)],
  ["WorkerLostError", (error, given) => error instanceof WorkerLostError && isLossJustified(error, given)],
  ["aborted", (error, { job }) => job.signal.aborted && error === job.signal.reason],
  ["cancelled", (error, { job }) => job.cancelledWith.has(error)],
  ["MemoryLimitError", (error, given) => error instanceof MemoryLimitError && isMemoryShort(error, given)],
  ["arrays gone", isOfGoneArray],
  ["shut down", isAbortedByShutdown],
];

interface OfTask {
  readonly index: number | undefined;
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** Whether it is the error that the job's faults lead to, of the right task. */
function isFate(name: Fate["error"], { index, start, end }: OfTask, { job, payload, fates }: Case): boolean {
  return fates.errors.some(({ task, error }) => {
    if (error !== name || task !== index) return false;
    return isDeepStrictEqual([start, end], callKind(job.plan.call).range(job.plan, payload, task));
  });
}

function isOurs({ index, cause }: KernelError): boolean {
  return cause instanceof RangeError && "task" in cause && cause.task === index;
}

/** An async task that waits on the calling thread has its time run while another call's task keeps that thread. */
function isHeldUp({ index, start, end }: TaskTimeoutError, { job, world, payload }: Case): boolean {
  const { isAsync, strategy, call, timeout } = job.plan;
  const maySitHere =
    strategy === "auto" || strategy === "sequential" || world.plan.options.forceSerialOnFailure === true;
  const isKept = world.jobs.some((each) =>
    each.struck().some(([{ kind }, times]) => kind.startsWith("overtime") && times > 0),
  );
  if (!isAsync || timeout === undefined || !maySitHere || !isKept || index === undefined) return false;
  return isDeepStrictEqual([start, end], callKind(call).range(job.plan, payload, index));
}

/** Its own value, or any message that the worker sent after the fault. */
function isUnread(error: KernelError, given: Case): boolean {
  const { index, start, end, cause } = error;
  const { job, world, payload } = given;
  if (!(cause instanceof Error)) return false;
  const isOwn = job.struck().some(([{ kind, task }]) => kind === "unreadable result" && task === index);
  if (isOwn && cause.message.startsWith("Cannot return result.deep"))
    return isFate("KernelError", error, given);
  const isTold = cause.message.startsWith("Cannot read what the task");
  const range = callKind(job.plan.call).range(job.plan, payload, index);
  const isStruck = world.jobs.some((each) =>
    each.struck().some(([{ kind }, times]) => kind === "unreadable message" && times > 0),
  );
  return isTold && isStruck && isDeepStrictEqual([start, end], range);
}

/** A task that its own faults and those that hit anybody made end workers too often, or workers that ended in between. */
function isLossJustified(error: WorkerLostError, given: Case): boolean {
  const { job, world } = given;
  const { forceSerialOnFailure, maxRetries } = world.plan.options;
  const exits = world.workers.exits.slice(job.exitsBefore);
  if (forceSerialOnFailure === true) return false;
  const { signal } = error;
  if (
    signal !== undefined &&
    error.exitCode !== undefined &&
    error.exitCode !== 128 + constants.signals[signal as NodeJS.Signals]
  )
    return false;
  if (isOfNoRoom(error)) return world.plan.transitRoom !== undefined;
  if (error.exitCode !== undefined && !exits.includes(error.exitCode)) return false;
  if (isFate("WorkerLostError", error, given)) return true;
  const own = job.struck().filter(([{ task, kind }]) => task === error.index && !isAnybodys(kind));
  const others = exits.filter((code) => !OF_ONE_TASK.has(code)).length;
  return kills(own) + Math.min(strays(world), others) > maxRetries;
}

/** The file of child processes had no room for their words. */
function isOfNoRoom({ message }: WorkerLostError): boolean {
  return message.includes("have no room for a page");
}

type Struck = ReturnType<Job["struck"]>;

const isAnybodys = (kind: Parameters<typeof taskFault>[0]): boolean => taskFault(kind).isStray === true;

/** Exit codes of faults that end a worker in their own task; see kernels.ts. */
const OF_ONE_TASK: ReadonlySet<number> = new Set([
  71,
  73,
  128 + constants.signals.SIGSEGV,
  128 + constants.signals.SIGABRT,
]);

function kills(struck: Struck): number {
  return struck.reduce((sum, [{ kind }, times]) => sum + (taskFault(kind).kills === true ? times : 0), 0);
}

/** Workers that faults have ended, or are about to, whatever they are at. */
function strays({ jobs, workers }: World): number {
  const inTasks = jobs.flatMap((job) => job.struck().filter(([{ kind }]) => isAnybodys(kind)));
  return kills(inTasks) + workers.struck;
}

function isMemoryShort({ limit }: MemoryLimitError, { job, world }: Case): boolean {
  const isCrowded = world.jobs.some(({ plan }) => plan.callFault?.kind === "crowded memory");
  const isTooMuch = job.plan.callFault?.kind === "too much memory";
  return limit === world.plan.options.maxSharedBytes && (isTooMuch || isCrowded);
}

/** What was given is told by name. */
function isOfGoneArray(error: unknown, { job }: Case): boolean {
  const kind = job.plan.callFault?.kind;
  return (
    (kind === "arrays transferred" || kind === "arrays shrunk") &&
    error instanceof TypeError &&
    /^Cannot read "(the array|x|y|input\[\d+\]|shared\.y)" as /.test(error.message)
  );
}

function isAbortedByShutdown(error: unknown, { world }: Case): boolean {
  if (!(error instanceof DOMException) || error.name !== "AbortError") return false;
  const { end } = world.plan;
  const text =
    end === "with a deadline"
      ? "given a deadline"
      : end === "by disposal"
        ? "end of its executor's block"
        : undefined;
  return text !== undefined && error.message.includes(text);
}

/** What had ended is right, and what had not is named: together they are all tasks. */
function wrongPartial({ job, payload }: Case, partial: PartialResults | undefined): string | undefined {
  const { plan } = job;
  if (partial === undefined) return "rejected without partial results";
  const { values, unfinished, outputs } = partial;
  const kind = callKind(plan.call);
  for (const { index, start, end } of unfinished) {
    if (values.has(index)) return `has task ${index} both ended and unfinished`;
    if (!isDeepStrictEqual([start, end], kind.range(plan, payload, index)))
      return `has another range for task ${index}`;
  }
  // A stream has given its values to the loop.
  if (plan.call === "stream") return undefined;
  if (values.size + unfinished.length !== plan.tasks)
    return `lacks tasks: ${values.size} ended, ${unfinished.length} not`;
  for (const [index, value] of values) {
    const given = plan.call === "transform" ? partOf(outputs, kind.range(plan, payload, index)) : value;
    if (!isDeepStrictEqual(given, kind.value(plan, payload, index)))
      return `has a wrong partial result ${index}`;
  }
  return undefined;
}
