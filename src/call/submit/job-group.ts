/** Single jobs that may share a round, because they have all but their items in common. */
import type { Kernel } from "../../kernel/resolve.js";
import { isShared, type TypedArray } from "../../memory/dtypes.js";
import { workShapeOf } from "../../plan/work-shape.js";
import { clock } from "../../platform/clock.js";
import { itemBytes, packEncoded } from "../../protocol/items.js";
import { NO_OPTIONS } from "../call-options.js";
import type { Request, RequestedJobs } from "../request.js";
import type { GivenOptions } from "../types.js";
import { JobQueue, type Rankable } from "./job-queue.js";
import type { Ranked } from "./ranked-queue.js";
import { copyData, isSameData } from "./same-data.js";

/** What a round should take. A round costs some 10 µs beside its jobs, and delays more urgent ones by as long as it takes. */
const ROUND_MS = 1;
const MOST_JOBS = 1024;
// Other programs on the machine make a round long now and then.
const MOST_CHANGE = 4;

const LEAST_SHARE = 4;

/** What the group copies when it begins. */
const COPIED = ["strategy", "timeout", "seed", "taskSizeHintBytes", "idempotent", "args"] as const;
/** The options whose arrays cross by reference. */
const REFERRED = ["shared", "writable"] as const;
const COMMON = [...COPIED, ...REFERRED];

/** A job as its group sees it. */
export interface WaitingJob extends Rankable {
  /** A number, or encoded; `undefined` if the group's request has it. */
  readonly item: number | Uint8Array | undefined;
}

/** Who has the jobs. */
interface Scheduler<E> {
  rank(entry: E, priority: number): void;
  stop(entry: E, reason: unknown): void;
}

export class JobGroup<E extends WaitingJob> implements Ranked {
  readonly scheduler: Scheduler<E>;
  readonly waiting = new JobQueue<E>();
  place = -1;
  /** Rounds that run. */
  rounds = 0;
  readonly #request: Request;
  readonly #captured: unknown;
  readonly #options: ReadonlyMap<string, unknown>;
  readonly #mayGrow: boolean;
  /** Whether it has no options, and its kernel takes nothing along. */
  readonly #isBare: boolean;
  #spec: Request["spec"];
  #size = 1;

  /**
   * @param request of one job that is the only one of its group; or of none, for the jobs to come
   * @param mayGrow whether several jobs may share a round
   */
  constructor(scheduler: Scheduler<E>, request: Request, options: GivenOptions, mayGrow: boolean) {
    this.scheduler = scheduler;
    this.#request = request;
    this.#spec = request.spec;
    this.#options = new Map(COMMON.map((name) => [name, copyData(options[name])]));
    this.#captured = copyData(request.kernel.captured?.values);
    this.#mayGrow = mayGrow;
    this.#isBare =
      COMMON.every((name) => options[name] === undefined) && request.kernel.captured === undefined;
  }

  /** Its number. */
  get kernel(): number {
    return this.#request.kernel.id;
  }

  get priority(): number {
    return this.waiting.first?.priority ?? -Infinity;
  }

  get order(): number {
    return this.waiting.first?.order ?? Infinity;
  }

  /** Whether it holds data of the caller's. */
  get holdsData(): boolean {
    const { spec, table } = this.#request;
    return (
      table.arrays.length > 0 || spec.args !== null || spec.shared !== null || spec.captures !== undefined
    );
  }

  /** Whether a job belongs here. The values of variables, and data that the caller has changed since, are another group's. */
  isFor({ captured }: Kernel, options: GivenOptions): boolean {
    if (options === NO_OPTIONS && captured === undefined) return this.#isBare;
    return this.#hasSame(captured, options);
  }

  // A function of its own, because a function that makes closures costs their context even if it returns before.
  #hasSame(captured: Kernel["captured"], options: GivenOptions): boolean {
    const isSame = (name: keyof GivenOptions, isSameArray: (array: TypedArray) => boolean): boolean =>
      isSameData(this.#options.get(name), options[name], isSameArray);
    return (
      isSameData(this.#captured, captured?.values, isShared) &&
      COPIED.every((name) => isSame(name, isShared)) &&
      REFERRED.every((name) => isSame(name, () => true))
    );
  }

  /**
   * Takes the jobs of the next round.
   * @param lanes rounds that may run at a time
   * @param least jobs of lower priority stay behind
   */
  take(lanes: number, least: number): E[] {
    const { waiting } = this;
    // A short group is not divided.
    const share = Math.max(waiting.length / lanes, this.#size / LEAST_SHARE);
    const most = Math.min(this.#size, Math.ceil(share));
    const entries: E[] = [];
    for (let first = waiting.first; first !== undefined; first = waiting.first) {
      if (entries.length > 0 && (entries.length >= most || first.priority < least)) break;
      waiting.remove(first);
      entries.push(first);
    }
    return entries;
  }

  /** What a round of these asks for. @param jobs settles them */
  request(entries: readonly E[], jobs: RequestedJobs): Request {
    const request = this.#request;
    const tasks = entries.length;
    if (request.spec.tasks > 0) return { ...request, started: clock(), jobs };
    const items = packEncoded(entries.map(({ item }) => item as number | Uint8Array));
    const bytes = itemBytes(items);
    const { taskBytes, args } = request.workShape;
    if (this.#spec.tasks !== tasks) this.#spec = { ...request.spec, tasks, length: tasks };
    return {
      ...request,
      started: clock(),
      spec: this.#spec,
      items,
      itemBytes: bytes,
      instances: tasks,
      workShape: workShapeOf(tasks, taskBytes + Math.ceil(bytes / tasks), args),
      jobs,
    };
  }

  /** This many jobs took `busy` milliseconds together. */
  learn(jobs: number, busy: number): void {
    if (!this.#mayGrow) return;
    const fit = Math.floor((jobs * ROUND_MS) / busy);
    const size = Math.max(this.#size / MOST_CHANGE, Math.min(this.#size * MOST_CHANGE, fit));
    // A smaller round tells nothing of larger ones.
    if (size < this.#size || jobs === this.#size)
      this.#size = Math.max(1, Math.min(MOST_JOBS, Math.floor(size)));
  }
}
