/**
 * Has single jobs run by rank: higher priority first, and within one the order of submission. As many rounds run as the pool
 * has workers, each on one of them. Jobs that take microseconds share a round. Long ones have a round each, so that an urgent
 * one waits only for the first free worker.
 */
import type { AnyKernel } from "../../kernel/types.js";
import { queueMicrotask } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import { isPromise } from "../../platform/maybe-promise.js";
import { mustWait, ownTurn } from "../../platform/time-slice.js";
import { stopOnAbort } from "../abort-and-progress.js";
import type { Backend } from "../backend.js";
import { checkCallOptions, checkPriority, SUBMIT_OPTIONS } from "../call-options.js";
import type { Outcome } from "../outcome.js";
import type { GivenOptions } from "../types.js";
import { JobEntry } from "./job-entry.js";
import { JobGroups } from "./job-groups.js";
import { JobRound } from "./job-round.js";
import { RankedQueue } from "./ranked-queue.js";
import { checkRoom, encodeItem } from "./read-jobs.js";
import { JobPromise, refused } from "./single-job.js";

type Group = JobEntry["group"];

export class JobScheduler {
  readonly #backend: Backend;
  /** Groups that have waiting jobs. */
  readonly #groups = new RankedQueue<Group>();
  readonly #known: JobGroups;
  /** Jobs that wait, by their keys. */
  readonly #latest = new Map<unknown, JobEntry>();
  readonly #rounds = new Set<JobRound>();
  #pending = 0;
  #lastOrder = 0;
  #isWoken = false;
  #onIdle: (() => void)[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#known = new JobGroups(backend, this);
  }

  /** Jobs that have not ended. */
  get pending(): number {
    return this.#pending;
  }

  submit(item: unknown, fn: AnyKernel, options: GivenOptions): JobPromise {
    let entry: JobEntry;
    try {
      this.#backend.checkOpen("submit");
      checkCallOptions(options, SUBMIT_OPTIONS, this.#backend.settings.strategies);
      const replaced = options.latest === undefined ? undefined : this.#latest.get(options.latest);
      checkRoom(options, this.#pending - (replaced === undefined ? 0 : 1));
      const encoded = encodeItem(item);
      const group = this.#known.groupOf(item, encoded, fn, options);
      const { latest: key, signal, priority = 0 } = options;
      const extra = key === undefined && signal === undefined ? undefined : { key, unwatch: undefined };
      this.#lastOrder += 1;
      entry = new JobEntry(group, encoded, this.#lastOrder, priority, extra);
      if (replaced !== undefined) this.#replace(replaced);
    } catch (error) {
      return refused(error);
    }
    const promise = new JobPromise(entry);
    this.#backend.jobCounts?.submitted();
    this.#pending += 1;
    this.again(entry);
    if (options.signal !== undefined) this.#watch(entry, options.signal);
    this.#wake();
    return promise;
  }

  /** Every job that has not ended rejects. */
  cancel(reason: unknown): void {
    const running = [...this.#rounds].flatMap(({ entries }) => entries);
    for (let group = this.#groups.first; group !== undefined; group = this.#groups.first) {
      this.stop(group.waiting.first as JobEntry, reason);
    }
    for (const entry of running) this.stop(entry, reason);
  }

  /** Resolves when every job has ended. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
      this.#tellIdle();
    });
  }

  rank(entry: JobEntry, priority: number): void {
    checkPriority(priority);
    if (entry.round !== undefined || entry.isOver) {
      entry.priority = priority;
      return;
    }
    entry.group.waiting.rank(entry, priority);
    this.#groups.moved(entry.group);
  }

  stop(entry: JobEntry, reason: unknown): void {
    if (entry.isOver) return;
    const { round, group } = entry;
    if (round === undefined) {
      group.waiting.remove(entry);
      this.#left(entry);
      this.#regroup(group);
    }
    this.reject(entry, reason, clock());
    round?.cancelled(entry, reason);
  }

  resolve(entry: JobEntry, value: unknown): void {
    this.#end(entry);
    entry.resolve(value);
  }

  completed(entries: readonly JobEntry[], began: number, now: number): void {
    this.#backend.jobCounts?.completed(entries, began, now);
  }

  reject(entry: JobEntry, error: unknown, now: number): void {
    this.#backend.jobCounts?.failed(error, now - entry.started);
    this.#end(entry);
    entry.resolve(Promise.reject(error));
  }

  /** A signal that has aborted stops it at once. */
  #watch(entry: JobEntry, signal: AbortSignal): void {
    const unwatch = stopOnAbort(entry, signal);
    if (entry.isOver) unwatch();
    else (entry.extra as NonNullable<JobEntry["extra"]>).unwatch = unwatch;
  }

  #replace(entry: JobEntry): void {
    this.stop(entry, new DOMException("The job was replaced by a newer one of the same key", "AbortError"));
  }

  /** A job waits from now on. */
  again(entry: JobEntry): void {
    const { group, extra } = entry;
    entry.round = undefined;
    group.waiting.add(entry);
    if (group.waiting.first === entry) this.#regroup(group);
    const key = extra?.key;
    if (key === undefined) return;
    const newer = this.#latest.get(key);
    if (newer !== undefined) this.#replace(entry);
    else this.#latest.set(key, entry);
  }

  /** A job waits no longer. */
  #left(entry: JobEntry): void {
    const key = entry.extra?.key;
    if (key !== undefined && this.#latest.get(key) === entry) this.#latest.delete(key);
  }

  #regroup(group: Group): void {
    if (group.waiting.length === 0) {
      if (group.place !== -1) this.#groups.remove(group);
      if (group.rounds === 0) this.#known.idle(group);
    } else if (group.place === -1) this.#groups.add(group);
    else this.#groups.moved(group);
  }

  /** Begins once the caller's present code has ended, so that jobs that it submits together are ranked together. */
  #wake(): void {
    if (this.#isWoken || this.#rounds.size >= this.#backend.settings.maxWorkers) return;
    this.#isWoken = true;
    queueMicrotask(this.#runRounds);
  }

  readonly #runRounds = (): void => {
    this.#isWoken = false;
    const lanes = this.#backend.settings.maxWorkers;
    for (let isFirst = true; this.#rounds.size < lanes; isFirst = false) {
      const group = this.#groups.first;
      if (group === undefined) return;
      // Short rounds may end at once, one after the other.
      if (!isFirst && mustWait(clock())) {
        this.#isWoken = true;
        void ownTurn().then(this.#runRounds);
        return;
      }
      this.#run(group, lanes);
    }
  };

  #run(group: Group, lanes: number): void {
    const entries = group.take(lanes, this.#groups.nextPriority);
    for (const entry of entries) this.#left(entry);
    const round = new JobRound(group, entries, this);
    this.#rounds.add(round);
    group.rounds += 1;
    this.#regroup(group);
    try {
      const ran = this.#backend.run(group.request(entries, round));
      if (!isPromise(ran)) this.#ended(round, ran);
      else {
        ran.then(
          (outcome) => this.#endedLater(round, outcome),
          (error: unknown) => this.#endedLater(round, undefined, error),
        );
      }
    } catch (error) {
      this.#ended(round, undefined, error);
    }
  }

  #endedLater(round: JobRound, outcome: Outcome | undefined, error?: unknown): void {
    this.#ended(round, outcome, error);
    this.#runRounds();
  }

  /** @param outcome `undefined` if it failed */
  #ended(round: JobRound, outcome: Outcome | undefined, error?: unknown): void {
    const { group, entries } = round;
    this.#rounds.delete(round);
    group.rounds -= 1;
    const now = clock();
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[i] as JobEntry;
      if (entry.isOver || entry.round !== round) continue;
      if (outcome !== undefined && outcome.values.length > 0) this.resolve(entry, outcome.values[i]);
      else if (outcome !== undefined || round.isCut(error)) this.again(entry);
      else this.reject(entry, error, now);
    }
    this.#regroup(group);
    this.#tellIdle();
  }

  #end(entry: JobEntry): void {
    entry.end();
    this.#pending -= 1;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#pending > 0 || this.#rounds.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
