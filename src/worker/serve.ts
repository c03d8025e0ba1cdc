/** A worker's side of the pool: takes part in rounds, one slice of time after the other. */
import { compileInline } from "../kernel/compile.js";
import type { AnyKernel } from "../kernel/types.js";
import { SLICE_MS } from "../platform/breather.js";
import { nextTurn } from "../platform/node.js";
import { Departure } from "../protocol/departure.js";
import { JobBlock } from "../protocol/job-block.js";
import type { KernelAddress, ReportMessage, WakeMessage, WorkerSetup } from "../protocol/messages.js";
import { readRound, unpackPlaces } from "../protocol/round.js";
import { packThrown } from "../protocol/thrown.js";
import { importKernel } from "./import-kernel.js";
import { type Port, PortOutbox } from "./port-outbox.js";
import { TaskRun } from "./task-run.js";
import { bindTasks } from "./tasks.js";

interface Participation {
  readonly round: number;
  readonly run: TaskRun;
  readonly outbox: PortOutbox;
}

interface LoadedKernel {
  readonly fn: AnyKernel;
  readonly stateful: boolean;
}

export class WorkerServer {
  /** Rejects when the initializer throws; then the pool ends this worker. */
  readonly initialized: Promise<void>;
  readonly #port: Port;
  readonly #handles = new Map<number, SharedArrayBuffer>();
  readonly #kernels = new Map<number, Promise<LoadedKernel>>();
  readonly #queue: Participation[] = [];
  #running = false;

  constructor(port: Port, setup: WorkerSetup) {
    this.#port = port;
    this.initialized = initialize(setup);
  }

  /** Joins a round; answers with reports, the last of which says that it left. */
  async receive(wake: WakeMessage): Promise<void> {
    for (const [id, handle] of wake.handles ?? []) this.#handles.set(id, handle);
    for (const id of wake.forget ?? []) this.#handles.delete(id);
    try {
      await this.initialized;
    } catch {
      // The pool ends this worker and hears why; its rounds learn that it is lost.
      return;
    }
    let participation: Participation;
    try {
      participation = await this.#join(wake);
    } catch (thrown) {
      const broken = packThrown(thrown);
      const report: ReportMessage = { round: wake.round, values: [], failures: [], left: true, broken };
      this.#port.postMessage(report);
      return;
    }
    this.#queue.push(participation);
    if (!this.#running) await this.#drain();
  }

  async #join(wake: WakeMessage): Promise<Participation> {
    const memory = (id: number): SharedArrayBuffer => this.#handles.get(id) as SharedArrayBuffer;
    const { descriptor, control, order, meter, log } = readRound(memory(wake.memory), wake);
    const { workers } = wake;
    if (wake.kernel !== null) this.#kernels.set(descriptor.kernel, load(wake.kernel));
    const arrays = unpackPlaces(descriptor.places, memory);
    const { spec, stream, tasks } = descriptor;
    const block = new JobBlock(memory(descriptor.block), spec.tasks, descriptor.packing);
    const kernel = await (this.#kernels.get(descriptor.kernel) as Promise<LoadedKernel>);
    const { run, borrowed } = bindTasks(spec, arrays, block.items, kernel.fn, control);
    const outbox = new PortOutbox(this.#port, wake.round, stream);
    const departure = new Departure(kernel.stateful, borrowed);
    const { results } = block;
    const parts = { run, control, results, departure, outbox, tasks, order, meter, log, workers, stream };
    return { round: wake.round, run: new TaskRun(parts), outbox };
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let current = this.#queue.shift(); current !== undefined; current = this.#queue.shift()) {
      const left = await this.#slice(current);
      if (!left) {
        // Rounds take turns, and between turns messages come in and timers fire.
        this.#queue.push(current);
        await nextTurn();
      }
    }
    this.#running = false;
  }

  async #slice({ run, outbox }: Participation): Promise<boolean> {
    const deadline = performance.now() + SLICE_MS;
    for (;;) {
      const state = run.advance(deadline);
      if (state === "paused") {
        // The next turn may be far: another round's task comes first.
        outbox.flush();
        return false;
      }
      if (state === "left") {
        outbox.leave();
        return true;
      }
      await state;
    }
  }
}

async function load(address: KernelAddress): Promise<LoadedKernel> {
  if (address.type === "module") {
    return { fn: await importKernel(address.url, address.name), stateful: true };
  }
  return { fn: compileInline(address.source, address.name), stateful: address.stateful };
}

async function initialize(setup: WorkerSetup): Promise<void> {
  if (setup.initializer === null) return;
  const { fn } = await load(setup.initializer);
  await (fn as () => unknown)();
}
