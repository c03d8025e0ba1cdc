/** A worker's part in a round. */
import type { TypedArray } from "../../../memory/dtypes.js";
import { JobBlock } from "../../../protocol/job-block.js";
import type { WakeMessage } from "../../../protocol/messages.js";
import type { OpenedRound } from "../../../protocol/opened-round.js";
import { PassOrder } from "../../../protocol/pass-order.js";
import { ResultCopier } from "../../../protocol/result-copy.js";
import { AbortCheck } from "../../../tasks/abort-check.js";
import { bindTasks } from "../../../tasks/bind-tasks.js";
import { PassLoop, type Waiting } from "../../../tasks/pass-loop.js";
import { TaskLoop, type TaskLoopParts } from "../../../tasks/task-loop.js";
import { listedOrder } from "../../../tasks/task-order.js";
import type { ReportPort } from "./report-port.js";
import { ReportSender } from "./report-sender.js";
import type { LoadedKernel } from "./worker-kernels.js";

export class JoinedRound {
  readonly sender: ReportSender;
  /** The kernel's number. */
  readonly kernel: number;
  /** Whether its tasks are bound to nothing but memory and kernel. Then the next round that is the same has the same tasks. */
  readonly isRepeatable: boolean;
  #wake: WakeMessage;
  #run: TaskLoop | PassLoop;
  readonly #newLoop: () => TaskLoop | PassLoop;

  /**
   * @param arrays the array table
   * @param memory the job block's
   * @param waiting what the worker does at the end of a pass
   */
  constructor(
    port: ReportPort,
    wake: WakeMessage,
    round: OpenedRound,
    arrays: readonly TypedArray[],
    memory: SharedArrayBuffer,
    kernel: LoadedKernel,
    waiting: Waiting,
  ) {
    const { descriptor, control, order, meter, leave, log } = round;
    const { spec, packing, stream, slots, grows, tasks } = descriptor;
    const block = new JobBlock(memory, spec.tasks, packing);
    const { mend, mendsEach } = kernel;
    const isSingle = spec.single === true;
    const wanted = new AbortCheck(control, meter, isSingle);
    const passes = spec.passes === undefined ? undefined : new PassOrder(spec, order);
    const place = passes && { order: passes, exceed: (pass: number) => control.exceed(pass) };
    const { run, borrowed } = bindTasks(spec, arrays, block.items, kernel.fn, wanted.aborted, place);
    // After a loss nothing gathers for long, because the next worker may be lost as well. Nothing gathers for single jobs
    // either: another job must not lose their results.
    this.sender = new ReportSender(port, wake.round, stream || order !== undefined || isSingle, leave);
    const parts: TaskLoopParts = {
      // A task finds nothing that the one before has left there.
      run: mend !== undefined && mendsEach ? mended(run, mend) : run,
      wanted,
      control,
      results: block.results,
      departure: new ResultCopier(kernel.stateful, borrowed),
      outbox: this.sender,
      tasks,
      order: passes ?? listedOrder(order),
      meter,
      log,
      workers: wake.workers,
      slots,
      gated: stream || passes !== undefined,
      grows,
      mend,
    };
    // Values of `args`, `shared` and captured variables are each call's own, and the places of msgpack items follow from their
    // lengths.
    const isFree =
      spec.args === null && spec.shared === null && spec.captures === undefined && packing !== "msgpack";
    this.isRepeatable = isFree && !stream && order === undefined && log === undefined;
    this.kernel = descriptor.kernel;
    this.#wake = wake;
    this.#newLoop = () =>
      passes === undefined ? new TaskLoop(parts) : new PassLoop(parts, passes, spec.tolerance, waiting);
    this.#run = this.#newLoop();
  }

  get wake(): WakeMessage {
    return this.#wake;
  }

  get run(): TaskLoop | PassLoop {
    return this.#run;
  }

  /** Whether the wake-up is for the very same round, or for one that is the same in all that was read of it. */
  isFor({ version, workers, participant }: WakeMessage): boolean {
    const own = this.#wake;
    return version === own.version && workers === own.workers && participant === own.participant;
  }

  /** Begins anew, for a round that is the same. */
  repeat(wake: WakeMessage): void {
    this.#wake = wake;
    this.#run = this.#newLoop();
    this.sender.begin(wake.round);
  }
}

function mended(run: (index: number) => unknown, mend: () => void): (index: number) => unknown {
  return (index) => {
    mend();
    return run(index);
  };
}
