/** One run of a job on the calling thread: the workers' loop, with a turn for the event loop every few milliseconds. */
import type { AnyKernel } from "../../kernel/types.js";
import { clock } from "../../platform/clock.js";
import { isPromise, type MaybePromise } from "../../platform/maybe-promise.js";
import { mustWait, ownTurn, pause, SLICE_MS, sliceEnd } from "../../platform/time-slice.js";
import { TIMED_OUT } from "../../platform/watchdog.js";
import { CONTROL_BYTES, ControlBlock } from "../../protocol/control-block.js";
import { BUSY, LOG_WORDS, METER_WORDS, SENDING, STARTED } from "../../protocol/meter.js";
import { PassOrder } from "../../protocol/pass-order.js";
import { AbortCheck } from "../../tasks/abort-check.js";
import { bindTasks } from "../../tasks/bind-tasks.js";
import { PassLoop, type Waiting } from "../../tasks/pass-loop.js";
import { TaskLoop, type TaskLoopParts } from "../../tasks/task-loop.js";
import { listedOrder } from "../../tasks/task-order.js";
import { timed } from "../../tasks/time-limit.js";
import type { Job } from "../job.js";
import type { Overseer, RunReport } from "../strategy.js";
import type { StreamBuffer } from "../stream-buffer.js";
import { claimsOf, computingTime, LOG_CAPACITY } from "../timings.js";
import { firstWithin } from "./first-task.js";
import { LocalResultCopier, LocalResultSink } from "./local-results.js";

// A kernel on the calling thread may replace them, and must not make the loop endless.
const { max, min } = Math;

/** What the overseer is told of: work since `began`, from task `taken` on. */
interface Look {
  readonly began: number;
  readonly taken: number;
  readonly until: number;
}

// No other thread is at any task.
const ALONE: Waiting = { looks: false, maySleep: () => false };

// Shorter looks tell little.
const TELLING_MS = 1;

export class SequentialRun {
  readonly #job: Job;
  readonly #overseer: Overseer | undefined;
  readonly #assertThere: (() => void) | undefined;

  /** @param assertThere throws if the caller has taken away what tasks read; `undefined` if nobody can */
  constructor(job: Job, overseer?: Overseer, assertThere?: () => void) {
    this.#job = job;
    this.#overseer = overseer;
    this.#assertThere = assertThere;
  }

  run(): MaybePromise<RunReport> {
    const fn = this.#job.parts.kernel.local();
    return isPromise(fn) ? fn.then((fn) => this.#runInTurn(fn)) : this.#runInTurn(fn);
  }

  #runInTurn(fn: AnyKernel): MaybePromise<RunReport> {
    const now = clock();
    // The job may have been stopped by then. The run begins, and finds that no task may start.
    if (mustWait(now)) return ownTurn().then(() => this.#runAfterWait(fn));
    return this.#runNow(fn, now);
  }

  #runAfterWait(fn: AnyKernel): MaybePromise<RunReport> {
    const now = clock();
    const job = this.#job;
    if (job.isStopped || this.#overseer?.takesOverAtOnce() !== true) return this.#runNow(fn, now);
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

  #runNow(fn: AnyKernel, woken: number): MaybePromise<RunReport> {
    this.#assertThere?.();
    const job = this.#job;
    const { spec, kernel, arrays, block, streamBuffer, isTraced, timeout } = job.parts;
    const order = job.unfinished();
    const control = new ControlBlock(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
    const tasks = job.tasksIn(order);
    control.reset(tasks);
    job.beginRound(control, tasks, 1);
    const meter = new Float64Array(METER_WORDS);
    const abortCheck = new AbortCheck(control, meter, spec.single);
    const own = job.specFor(order);
    const passes = own.passes === undefined ? undefined : new PassOrder(own, order);
    const place = passes && { order: passes, exceed: (pass: number) => control.exceed(pass) };
    const bound = bindTasks(own, arrays, block.items, fn, abortCheck.aborted, place);
    const log = isTraced ? new Float64Array(LOG_CAPACITY * LOG_WORDS) : undefined;
    const report = (left: number): RunReport => {
      streamBuffer?.endRound();
      return {
        strategy: "sequential",
        workers: 1,
        busy: meter[BUSY] as number,
        sending: meter[SENDING] as number,
        metadataBytes: 0,
        retries: 0,
        ran: passes === undefined ? tasks - left : control.ended,
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
    const parts: TaskLoopParts = {
      run: timeout === undefined ? run : timed(run, timeout, onOvertime),
      wanted: abortCheck,
      control,
      results: block.results,
      departure: new LocalResultCopier(kernel.stateful, bound.borrowed),
      outbox: new LocalResultSink(job, this.#assertThere),
      tasks,
      order: passes ?? listedOrder(order),
      meter,
      log,
      workers: 1,
      slots: streamBuffer === undefined,
      gated: streamBuffer !== undefined || passes !== undefined,
      grows: spec.single !== true,
      // Kernels share this thread's own built-in objects. Changes to them are the program's.
      mend: undefined,
    };
    const loop =
      passes === undefined ? new TaskLoop(parts) : new PassLoop(parts, passes, own.tolerance, ALONE);
    // A guarded first task was the beginning of the first slice.
    const from = this.#beginLook(woken, guarded?.took);
    const begun = loop.advance(min(sliceEnd(woken), from.until));
    if (begun !== "left") return this.#runSlices(loop, begun, from, report);
    this.#assertThere?.();
    return report(0);
  }

  /**
   * When the overseer is first asked. A long guarded first task tells enough by itself.
   * @param first milliseconds that it took; `undefined` without a guard
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

  /** @param begun the work until the first look */
  async #runSlices(
    loop: TaskLoop | PassLoop,
    begun: ReturnType<TaskLoop["advance"]>,
    first: Look,
    report: (left: number) => RunReport,
  ): Promise<RunReport> {
    let { began, taken: takenBefore } = first;
    let waited = 0;
    let look = this.#overseer?.firstLook ?? SLICE_MS;
    // All calls share the slice. The overseer is asked after as much work of this call.
    const deadline = (): number => min(sliceEnd(clock()), began + waited + look);
    for (let state = begun; state !== "left"; state = loop.advance(deadline())) {
      if (state === "shut") {
        const shut = clock();
        await new Promise<void>((resolve) => {
          (this.#job.parts.streamBuffer as StreamBuffer).onRoom = resolve;
        });
        // A loop may take one result at a time, each at once.
        const pausing = pause();
        if (pausing !== undefined) await pausing;
        waited += clock() - shut;
        this.#assertThere?.();
        continue;
      }
      if (state !== "paused") {
        // Promises may settle without a turn of the event loop, so the slice goes on.
        await state;
        this.#assertThere?.();
        continue;
      }
      const now = clock();
      const left = loop.tasks - loop.taken;
      const ran = loop.taken - takenBefore;
      const perTask = (now - began - waited) / max(1, ran);
      if (left > 0 && this.#overseer?.takesOver(left, perTask, ran) === true) {
        loop.leave();
        return report(left);
      }
      look = min(SLICE_MS, 2 * look);
      if (mustWait(now)) {
        await ownTurn();
        this.#assertThere?.();
      }
      began = clock();
      takenBefore = loop.taken;
      waited = 0;
    }
    this.#assertThere?.();
    return report(0);
  }
}
