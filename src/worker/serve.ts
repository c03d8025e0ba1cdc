/** A worker's side of the pool: takes part in rounds, one slice of time after the other. */
import { compileInline } from "../kernel/compile.js";
import type { AnyKernel } from "../kernel/types.js";
import { SLICE_MS } from "../platform/breather.js";
import { Looks } from "../platform/looks.js";
import { nextTurn } from "../platform/node.js";
import { Departure } from "../protocol/departure.js";
import { unpackPlaces } from "../protocol/descriptor.js";
import { Doorbell } from "../protocol/doorbell.js";
import { JobBlock } from "../protocol/job-block.js";
import type { KernelAddress, ReportMessage, WakeMessage, WorkerSetup } from "../protocol/messages.js";
import { readRound } from "../protocol/round.js";
import { packThrown } from "../protocol/thrown.js";
import { importKernel } from "./import-kernel.js";
import { assertIntact } from "./intact.js";
import { type Port, PortOutbox } from "./port-outbox.js";
import { TaskRun } from "./task-run.js";
import { bindTasks } from "./tasks.js";
import { Wanted } from "./wanted.js";

interface Participation {
  readonly wake: WakeMessage;
  readonly run: TaskRun;
  readonly outbox: PortOutbox;
}

interface LoadedKernel {
  readonly fn: AnyKernel;
  readonly stateful: boolean;
}

// A parked worker takes no messages and fires no timers, so after this long the event loop has a turn.
const PARK_MS = 1;
// Looking at the bell saves the time to wake a thread, 5-100 µs. A caller that goes on at once rings within that.
const LOOK_MS = 0.1;
// How long after its last round a worker parks: twice as long each time that it was worth it, half as long where not.
const LEAST_PATIENCE_MS = 1;
const MOST_PATIENCE_MS = 16;

export class WorkerServer {
  /** Rejects when the initializer throws; then the pool ends this worker. */
  readonly initialized: Promise<void>;
  readonly #port: Port;
  readonly #handles = new Map<number, SharedArrayBuffer>();
  readonly #kernels = new Map<number, Promise<LoadedKernel>>();
  readonly #queue: Participation[] = [];
  /** Rounds that were left at a closed gate and may be joined again, by their memory: it holds one at a time. */
  readonly #shut = new Map<number, Participation>();
  readonly #bell: Doorbell;
  readonly #looks: Looks | undefined;
  readonly #parks: boolean;
  readonly #takeMessage: () => WakeMessage | undefined;
  /** Rounds that are being joined. */
  #joining = 0;
  #running = false;
  /** Did it run all tasks of the last round? */
  #wasAlone = false;
  #patience = LEAST_PATIENCE_MS;

  /** @param takeMessage takes the next message from the port at once, where there is one */
  constructor(port: Port, setup: WorkerSetup, takeMessage: () => WakeMessage | undefined) {
    this.#port = port;
    this.#bell = new Doorbell(setup.bell);
    this.#looks = setup.spins ? new Looks() : undefined;
    this.#parks = setup.parks;
    this.#takeMessage = takeMessage;
    this.initialized = initialize(setup);
  }

  /** Joins a round and runs its tasks; answers with reports, and says at last that it left. */
  async receive(wake: WakeMessage): Promise<void> {
    await this.#enter(wake);
    if (!this.#running) await this.#serve();
  }

  async #enter(wake: WakeMessage): Promise<void> {
    // In this order: memory that the pool lets go may come back by way of the user.
    for (const id of wake.forget ?? []) this.#handles.delete(id);
    for (const [id, handle] of wake.handles ?? []) this.#handles.set(id, handle);
    // Any of these rounds may be over by now, and hold on to what is to be let go.
    if (wake.forget !== null) this.#shut.clear();
    try {
      await this.initialized;
    } catch {
      // The pool ends this worker and hears why; its rounds learn that it is lost.
      return;
    }
    this.#joining += 1;
    try {
      this.#queue.push(await this.#join(wake));
    } catch (thrown) {
      assertIntact();
      const broken = packThrown(thrown);
      const report: ReportMessage = { round: wake.round, values: [], failures: [], left: true, broken };
      this.#port.postMessage(report);
    } finally {
      this.#joining -= 1;
    }
  }

  async #join(wake: WakeMessage): Promise<Participation> {
    const before = this.#shut.get(wake.memory);
    this.#shut.delete(wake.memory);
    const isSame = before?.wake.round === wake.round && before.wake.participant === wake.participant;
    // Reading it anew would take as long as there are arrays.
    if (isSame) return before;
    const memory = (id: number): SharedArrayBuffer => this.#handles.get(id) as SharedArrayBuffer;
    const { descriptor, control, order, meter, leave, log } = readRound(memory(wake.memory), wake);
    const { workers } = wake;
    if (wake.kernel !== null) this.#kernels.set(descriptor.kernel, load(wake.kernel));
    const arrays = unpackPlaces(descriptor.places, memory);
    const { spec, stream, slots, grows, tasks } = descriptor;
    const block = new JobBlock(memory(descriptor.block), spec.tasks, descriptor.packing);
    const kernel = await (this.#kernels.get(descriptor.kernel) as Promise<LoadedKernel>);
    const wanted = new Wanted(control, meter);
    const { run, borrowed } = bindTasks(spec, arrays, block.items, kernel.fn, wanted.aborted);
    // After a loss nothing gathers for long: the next worker may be lost as well.
    const outbox = new PortOutbox(this.#port, wake.round, stream || order !== undefined, leave);
    const departure = new Departure(kernel.stateful, borrowed);
    const { results } = block;
    const thread = { departure, outbox, meter, log };
    const ways = { slots, grows, workers, gated: stream };
    const parts = { run, wanted, control, results, ...thread, tasks, order, ...ways };
    return { wake, run: new TaskRun(parts), outbox };
  }

  async #serve(): Promise<void> {
    this.#running = true;
    do {
      for (let current = this.#queue.shift(); current !== undefined; current = this.#queue.shift()) {
        const left = await this.#slice(current);
        if (!left) {
          // Rounds take turns, and between turns messages come in and timers fire.
          this.#queue.push(current);
          await nextTurn();
        }
      }
      if (this.#parks) await this.#waitAtBell();
    } while (this.#queue.length > 0);
    this.#running = false;
  }

  /** Waits for the next round at the bell, for a while. */
  async #waitAtBell(): Promise<void> {
    const until = performance.now() + this.#patience;
    while (this.#joining === 0 && performance.now() < until) {
      const messages: WakeMessage[] = [];
      const takeMessages = (): boolean => {
        for (let taken = this.#takeMessage(); taken !== undefined; taken = this.#takeMessage())
          messages.push(taken);
        return messages.length > 0;
      };
      // Only a worker that had a whole round for itself looks: as a rule the next one is for it again.
      const looks = this.#wasAlone && this.#looks?.take() === true;
      const mail = this.#bell.park(takeMessages, looks ? LOOK_MS : 0, PARK_MS);
      if (looks) this.#looks?.ended(this.#bell.rangAtOnce);
      this.#wasAlone = false;
      if (mail !== undefined) messages.push(mail);
      // All at once: were one to wait until the kernel of another is loaded, later ones would come before it, and miss
      // what it brings.
      await Promise.all(messages.map((message) => this.#enter(message)));
      if (this.#queue.length === 0) await nextTurn();
      if (this.#queue.length > 0) {
        this.#patience = Math.min(MOST_PATIENCE_MS, 2 * this.#patience);
        return;
      }
    }
    this.#patience = Math.max(LEAST_PATIENCE_MS, this.#patience / 2);
  }

  async #slice(current: Participation): Promise<boolean> {
    const { wake, run, outbox } = current;
    const deadline = performance.now() + SLICE_MS;
    for (;;) {
      const state = run.advance(deadline);
      if (state === "paused") {
        // The next turn may be far: another round's task comes first.
        outbox.flush();
        return false;
      }
      if (state === "left" || state === "shut") {
        if (state === "shut") this.#shut.set(wake.memory, current);
        this.#wasAlone = run.tookAll;
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
