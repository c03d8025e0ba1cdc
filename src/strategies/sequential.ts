import type { AnyKernel } from "../kernel/types.js";
import { structuredClone } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import { mustWait, ownTurn, pause, SLICE_MS, sliceEnd } from "../platform/time-slice.js";
import { callWithin, TIMED_OUT } from "../platform/watchdog.js";
import { CONTROL_BYTES, ControlBlock } from "../protocol/control-block.js";
import { BUSY, LOG_WORDS, METER_WORDS, SENDING, STARTED } from "../protocol/meter.js";
import { HEAVY, ResultCopier, type ResultCopy } from "../protocol/result-copy.js";
import { AbortCheck } from "../tasks/abort-check.js";
import { bindTasks } from "../tasks/bind-tasks.js";
import { type ResultSink, TaskLoop } from "../tasks/task-loop.js";
import { timed } from "../tasks/time-limit.js";
import type { Job, RunReport, Strategy } from "./job.js";
import type { StreamBuffer } from "./stream-buffer.js";
import { claimsOf, computingTime, LOG_CAPACITY } from "./timings.js";

// A kernel on the calling thread may replace them, and must not make the loop endless.
const { max, min } = Math;

/** Looks on while a job runs on the caller's thread, and may send the rest elsewhere. */
export interface Overseer {
  /** Milliseconds after which the first task is given up; undefined: it runs to its end. */
  readonly firstTaskLimit: number | undefined;
  /** Milliseconds after which it is asked for the first time; each further time comes after twice as long, up to a slice. */
  readonly firstLook: number;
  /** Asked if the job had to wait for its turn. @returns true: the whole of it is handed over */
  takesOverAtOnce(): boolean;
  /**
   * Asked after a while of work.
   * @param left tasks that are left
   * @param perTask milliseconds of each, as this while showed
   * @returns true: the rest is handed over
   */
  takesOver(left: number, perTask: number): boolean;
}

/** What the overseer is told of: work since `began`, from task `taken` on. */
interface Look {
  readonly began: number;
  readonly taken: number;
  readonly until: number;
}

// Shorter ones tell little.
const TELLING_MS = 1;

/** Runs a job on the caller's thread: the workers' loop, with a turn for the event loop every few milliseconds. */
export class SequentialStrategy implements Strategy {
  readonly #overseer: Overseer | undefined;
  readonly #assertInputs: (() => void) | undefined;

  /** @param assertInputs throws where the caller has taken away what tasks read; undefined: nobody can */
  constructor(overseer?: Overseer, assertInputs?: () => void) {
    this.#overseer = overseer;
    this.#assertInputs = assertInputs;
  }

  run(job: Job): MaybePromise<RunReport> {
    const fn = job.parts.kernel.local();
    return isPromise(fn) ? fn.then((fn) => this.#run(job, fn)) : this.#run(job, fn);
  }

  #run(job: Job, fn: AnyKernel): MaybePromise<RunReport> {
    const now = clock();
    // By then it may have been stopped: the run begins, and finds that no task may start.
    if (mustWait(now)) return ownTurn().then(() => this.#runAfterWait(job, fn));
    return this.#runNow(job, fn, now);
  }

  #runAfterWait(job: Job, fn: AnyKernel): MaybePromise<RunReport> {
    const now = clock();
    if (job.isStopped || this.#overseer?.takesOverAtOnce() !== true) return this.#runNow(job, fn, now);
    return {
      strategy: "sequential",
      workers: 1,
      busy: 0,
      sending: 0,
      metadataBytes: 0,
      retries: 0,
      ran: 0,
      left: job.parts.spec.tasks,
      woken: now,
      ready: now,
      computing: undefined,
      claims: [],
    };
  }

  #runNow(job: Job, fn: AnyKernel, woken: number): MaybePromise<RunReport> {
    this.#assertInputs?.();
    const { spec, kernel, arrays, block, backlog, isTraced, timeout } = job.parts;
    const order = job.unfinished();
    const control = new ControlBlock(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
    const tasks = order?.length ?? spec.tasks;
    control.reset(tasks);
    job.beginRound(control, tasks, 1);
    const meter = new Float64Array(METER_WORDS);
    const wanted = new AbortCheck(control, meter);
    const bound = bindTasks(job.specFor(order), arrays, block.items, fn, wanted.aborted);
    const log = isTraced ? new Float64Array(LOG_CAPACITY * LOG_WORDS) : undefined;
    const report = (left: number): RunReport => {
      backlog?.endRound();
      return {
        strategy: "sequential",
        workers: 1,
        busy: meter[BUSY] as number,
        sending: meter[SENDING] as number,
        metadataBytes: 0,
        retries: 0,
        ran: tasks - left,
        left,
        woken,
        ready: woken,
        computing: computingTime([{ meters: [meter] }]),
        claims: claimsOf(0, meter, log),
      };
    };
    const guard = this.#overseer?.firstTaskLimit;
    // A task whose time is up before it would be given up needs no other guard.
    const limit = guard !== undefined && guard < (timeout ?? Infinity) ? guard : undefined;
    const began = limit === undefined ? woken : clock();
    const isGuarded = limit !== undefined && tasks > 0 && !job.isStopped;
    const guarded = isGuarded ? firstWithin(limit, bound.run, order?.[0] ?? 0) : undefined;
    if (guarded === TIMED_OUT) return report(tasks);
    const run = guarded?.run ?? bound.run;
    if (guarded !== undefined) {
      meter[STARTED] = began;
      meter[BUSY] = guarded.took;
    }
    const onOvertime = (index: number, goesOn: boolean): void => {
      job.fail(index, undefined);
      if (goesOn) job.parts.lease.reachedBy("here");
    };
    const taskRun = new TaskLoop({
      run: timeout === undefined ? run : timed(run, timeout, onOvertime),
      wanted,
      control,
      results: block.results,
      departure: new LocalDeparture(kernel.stateful, bound.borrowed),
      outbox: new LocalOutbox(job, this.#assertInputs),
      tasks,
      order,
      meter,
      log,
      workers: 1,
      slots: backlog === undefined,
      gated: backlog !== undefined,
      grows: true,
      // Kernels share this thread's own: what they change of it is the program's.
      mend: undefined,
    });
    // A guarded first task was the beginning of the first slice.
    const from = this.#beginLook(woken, guarded?.took);
    const begun = taskRun.advance(min(sliceEnd(woken), from.until));
    if (begun !== "left") return this.#runSlices(job, taskRun, begun, from, report);
    this.#assertInputs?.();
    return report(0);
  }

  /**
   * When the overseer is first asked. A guarded first task tells something by itself if it was long.
   * @param first milliseconds that it took; undefined: no guard
   */
  #beginLook(woken: number, first: number | undefined): Look {
    const now = first === undefined ? woken : clock();
    if (first !== undefined && first >= TELLING_MS) return { began: now - first, taken: 0, until: now };
    return {
      began: now,
      taken: first === undefined ? 0 : 1,
      until: now + (this.#overseer?.firstLook ?? SLICE_MS),
    };
  }

  /** @param begun what the work until the first look came to */
  async #runSlices(
    { parts }: Job,
    taskRun: TaskLoop,
    begun: ReturnType<TaskLoop["advance"]>,
    first: Look,
    report: (left: number) => RunReport,
  ): Promise<RunReport> {
    let { began, taken: takenBefore } = first;
    let waited = 0;
    let look = this.#overseer?.firstLook ?? SLICE_MS;
    // The slice is all calls', and the overseer is asked after as much of this one's own work.
    const deadline = (): number => min(sliceEnd(clock()), began + waited + look);
    for (let state = begun; state !== "left"; state = taskRun.advance(deadline())) {
      if (state === "shut") {
        const shut = clock();
        await new Promise<void>((resolve) => {
          (parts.backlog as StreamBuffer).onRoom = resolve;
        });
        // A loop may take one result at a time, each at once.
        const pausing = pause();
        if (pausing !== undefined) await pausing;
        waited += clock() - shut;
        this.#assertInputs?.();
        continue;
      }
      if (state !== "paused") {
        // Promises may settle without a turn of the event loop, so the slice goes on.
        await state;
        this.#assertInputs?.();
        continue;
      }
      const now = clock();
      const left = taskRun.tasks - taskRun.taken;
      const perTask = (now - began - waited) / max(1, taskRun.taken - takenBefore);
      if (left > 0 && this.#overseer?.takesOver(left, perTask) === true) {
        taskRun.leave();
        return report(left);
      }
      look = min(SLICE_MS, 2 * look);
      if (mustWait(now)) {
        await ownTurn();
        this.#assertInputs?.();
      }
      began = clock();
      takenBefore = taskRun.taken;
      waited = 0;
    }
    this.#assertInputs?.();
    return report(0);
  }
}

/** A first task that has been run, and how the others run. */
interface Guarded {
  /** Milliseconds, without the guard. */
  readonly took: number;
  readonly run: (index: number) => unknown;
}

/** Runs the first task of a job at once, stopped after `ms` milliseconds. */
function firstWithin(ms: number, run: (index: number) => unknown, first: number): Guarded | typeof TIMED_OUT {
  let settle: () => unknown;
  let began = 0;
  let ended = 0;
  try {
    const value = callWithin(() => {
      began = clock();
      try {
        return run(first);
      } finally {
        ended = clock();
      }
    }, ms);
    if (value === TIMED_OUT) return TIMED_OUT;
    settle = () => value;
  } catch (thrown) {
    settle = () => {
      throw thrown;
    };
  }
  return { took: ended - began, run: (index) => (index === first ? settle() : run(index)) };
}

/** Clones what would be cloned by a message. Never by a transfer: it would make the caller's own code slower. */
class LocalDeparture extends ResultCopier {
  /** @throws DataCloneError, RangeError where structured clone does */
  override prepare(result: unknown): ResultCopy {
    const { value, weight, isPlain } = super.prepare(result);
    return { value: isPlain ? value : structuredClone(value), transfer: [], isPlain: true, weight };
  }
}

/** Results cross to the caller's side without leaving the thread, and come out the same as if they had. */
class LocalOutbox implements ResultSink {
  readonly #job: Job;
  readonly #assertInputs: (() => void) | undefined;

  constructor(job: Job, assertInputs: (() => void) | undefined) {
    this.#job = job;
    this.#assertInputs = assertInputs;
  }

  value(index: number, { value, weight }: ResultCopy): void {
    // A stream gives it to its loop at once.
    if (this.#job.parts.backlog !== undefined) this.#assertInputs?.();
    if (weight > HEAVY) this.#job.receiveApart(index, value);
    else this.#job.receive(index, value);
  }

  failure(index: number, thrown: Parameters<ResultSink["failure"]>[1]): void {
    this.#job.fail(index, thrown);
  }

  claimEnded(): void {}
}
