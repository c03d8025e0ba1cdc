import type { AnyKernel } from "../kernel/types.js";
import { mustWait, ownTurn, pause, SLICE_MS, sliceEnd } from "../platform/breather.js";
import { structuredClone } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import { CLOCK_OFFSET } from "../platform/runtime.js";
import { callWithin, TIMED_OUT } from "../platform/watchdog.js";
import { CONTROL_BYTES, ControlBlock } from "../protocol/control-block.js";
import { type Departing, Departure, HEAVY } from "../protocol/departure.js";
import { BUSY, LOG_WORDS, METER_WORDS, STARTED } from "../protocol/meter.js";
import { type Outbox, TaskRun } from "../worker/task-run.js";
import { bindTasks } from "../worker/tasks.js";
import { Wanted } from "../worker/wanted.js";
import type { Backlog } from "./backlog.js";
import type { Job, RunReport, Strategy } from "./job.js";
import { claimsOf, computingTime, LOG_CAPACITY } from "./notes.js";
import { timed } from "./time-limit.js";

// A kernel on the calling thread may replace them, and must not make the loop endless.
const { max, min } = Math;

/** Looks on while a job runs on the caller's thread, and may send the rest elsewhere. */
export interface Overseer {
  /** Milliseconds after which the first task is given up; undefined: it runs to its end. */
  readonly firstTaskLimit: number | undefined;
  /**
   * Asked after every slice of time.
   * @param left tasks that are left
   * @param perTask milliseconds of each, as the slice showed
   * @returns true: the rest is handed over
   */
  takesOver(left: number, perTask: number): boolean;
}

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
    if (mustWait(now)) return ownTurn().then(() => this.#runNow(job, fn, clock()));
    return this.#runNow(job, fn, now);
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
    const wanted = new Wanted(control, meter);
    const bound = bindTasks(job.specFor(order), arrays, block.items, fn, wanted.aborted);
    const log = isTraced ? new Float64Array(LOG_CAPACITY * LOG_WORDS) : undefined;
    const report = (left: number): RunReport => {
      backlog?.endRound();
      return {
        strategy: "sequential",
        workers: 1,
        busy: meter[BUSY] as number,
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
    const run =
      limit !== undefined && tasks > 0 && !job.isStopped
        ? firstWithin(limit, bound.run, order?.[0] ?? 0)
        : bound.run;
    if (run === TIMED_OUT) return report(tasks);
    if (run !== bound.run) {
      meter[STARTED] = began + CLOCK_OFFSET;
      meter[BUSY] = clock() - began;
    }
    const onOvertime = (index: number, goesOn: boolean): void => {
      job.fail(index, undefined);
      if (goesOn) job.parts.lease.reachedBy("here");
    };
    const taskRun = new TaskRun({
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
    const begun = taskRun.advance(sliceEnd(woken));
    if (begun !== "left") return this.#runSlices(job, taskRun, begun, woken, report);
    this.#assertInputs?.();
    return report(0);
  }

  /** @param begun what the first slice came to, which began at `start` */
  async #runSlices(
    { parts }: Job,
    taskRun: TaskRun,
    begun: ReturnType<TaskRun["advance"]>,
    start: number,
    report: (left: number) => RunReport,
  ): Promise<RunReport> {
    let began = start;
    let takenBefore = 0;
    let waited = 0;
    // The slice is all calls', and the overseer is asked after as much of this one's own work.
    const deadline = (): number => min(sliceEnd(clock()), began + waited + SLICE_MS);
    for (let state = begun; state !== "left"; state = taskRun.advance(deadline())) {
      if (state === "shut") {
        const shut = clock();
        await new Promise<void>((resolve) => {
          (parts.backlog as Backlog).onRoom = resolve;
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
      const left = taskRun.tasks - taskRun.taken;
      const perTask = (clock() - began - waited) / max(1, taskRun.taken - takenBefore);
      if (left > 0 && this.#overseer?.takesOver(left, perTask) === true) {
        taskRun.leave();
        return report(left);
      }
      await ownTurn();
      this.#assertInputs?.();
      began = clock();
      takenBefore = taskRun.taken;
      waited = 0;
    }
    this.#assertInputs?.();
    return report(0);
  }
}

/**
 * Runs the first task of a job at once, stopped after `ms` milliseconds.
 * @returns runs tasks, the first of which has been run; or TIMED_OUT
 */
function firstWithin(
  ms: number,
  run: (index: number) => unknown,
  first: number,
): ((index: number) => unknown) | typeof TIMED_OUT {
  let settle: () => unknown;
  try {
    const value = callWithin(() => run(first), ms);
    if (value === TIMED_OUT) return TIMED_OUT;
    settle = () => value;
  } catch (thrown) {
    settle = () => {
      throw thrown;
    };
  }
  return (index) => (index === first ? settle() : run(index));
}

/** Clones what would be cloned by a message. Never by a transfer: it would make the caller's own code slower. */
class LocalDeparture extends Departure {
  /** @throws DataCloneError, RangeError where structured clone does */
  override prepare(result: unknown): Departing {
    const { value, weight, isPlain } = super.prepare(result);
    return { value: isPlain ? value : structuredClone(value), transfer: [], isPlain: true, weight };
  }
}

/** Results cross to the caller's side without leaving the thread, and come out the same as if they had. */
class LocalOutbox implements Outbox {
  readonly #job: Job;
  readonly #assertInputs: (() => void) | undefined;

  constructor(job: Job, assertInputs: (() => void) | undefined) {
    this.#job = job;
    this.#assertInputs = assertInputs;
  }

  value(index: number, { value, weight }: Departing): void {
    // A stream gives it to its loop at once.
    if (this.#job.parts.backlog !== undefined) this.#assertInputs?.();
    if (weight > HEAVY) this.#job.receiveApart(index, value);
    else this.#job.receive(index, value);
  }

  failure(index: number, thrown: Parameters<Outbox["failure"]>[1]): void {
    this.#job.fail(index, thrown);
  }

  claimEnded(): void {}
}
