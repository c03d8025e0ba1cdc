import { SLICE_MS } from "../platform/breather.js";
import { nextTurn } from "../platform/node.js";
import { CONTROL_BYTES, ControlBlock } from "../protocol/control-block.js";
import { type Departing, Departure } from "../protocol/departure.js";
import { BUSY, METER_WORDS } from "../protocol/round.js";
import { type Outbox, TaskRun } from "../worker/task-run.js";
import { bindTasks } from "../worker/tasks.js";
import type { Job, RunReport, Strategy } from "./job.js";

/** Runs a job on the caller's thread: the workers' loop, with a turn for the event loop every few milliseconds. */
export class SequentialStrategy implements Strategy {
  async run(job: Job): Promise<RunReport> {
    const { spec, kernel, arrays, block, onValue } = job.parts;
    const order = job.unfinished();
    const control = new ControlBlock(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
    const tasks = order?.length ?? spec.tasks;
    control.reset(tasks);
    job.beginRound(control);
    const { run, borrowed } = bindTasks(job.specFor(order), arrays, block.items, kernel.local(), control);
    const meter = new Float64Array(METER_WORDS);
    const taskRun = new TaskRun({
      run,
      control,
      results: block.results,
      departure: new Departure(kernel.stateful, borrowed),
      outbox: new LocalOutbox(job),
      tasks,
      order,
      meter,
      workers: 1,
      stream: onValue !== undefined,
    });
    for (;;) {
      const state = taskRun.advance(performance.now() + SLICE_MS);
      if (state === "left") break;
      await (state === "paused" ? nextTurn() : state);
    }
    return { workers: 1, busy: meter[BUSY] as number, metadataBytes: 0, retries: 0 };
  }
}

/** Results cross to the caller's side without leaving the thread, and come out the same as if they had. */
class LocalOutbox implements Outbox {
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  value(index: number, { value, transfer }: Departing): void {
    let received: unknown;
    try {
      received = structuredClone(value, { transfer });
    } catch {
      // As in workers: some buffers can't be given away.
      received = structuredClone(value);
    }
    this.#job.receive(index, received);
  }

  failure(index: number, thrown: Parameters<Outbox["failure"]>[1]): void {
    this.#job.fail(index, thrown);
  }

  claimEnded(): void {}
}
