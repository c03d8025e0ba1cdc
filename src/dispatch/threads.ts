/** Runs a job on the pool, in rounds: usually one; another for what a lost worker left unfinished. */
import { WorkerLostError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import type { Place } from "../memory/placement.js";
import type { KernelAddress, ReportMessage } from "../protocol/messages.js";
import { type Claim, type Descriptor, openRound, packPlaces, type Round } from "../protocol/round.js";
import type { Job, RunReport, Strategy } from "./job.js";
import { claimsOf, computingTime, LOG_CAPACITY } from "./notes.js";
import type { Loss, Pool, RoundListener, Slot } from "./pool.js";

/** Where the job's memory is, for workers. */
export interface PlacedJob {
  /** The array table. */
  readonly places: readonly Place[];
  readonly block: { readonly memory: number; readonly buffer: SharedArrayBuffer };
}

/**
 * How long a worker may go on with a task of a job that was stopped. Most tasks end or look at `aborted()` within a
 * fraction of it; ending a worker costs a new one, some 50 ms.
 */
const GRACE_MS = 1000;

let lastRound = 0;

export class ThreadsStrategy implements Strategy {
  readonly #pool: Pool;
  readonly #arena: Arena;
  readonly #placed: PlacedJob;
  readonly #maxRetries: number;

  constructor(pool: Pool, arena: Arena, placed: PlacedJob, maxRetries: number) {
    this.#pool = pool;
    this.#arena = arena;
    this.#placed = placed;
    this.#maxRetries = maxRetries;
  }

  async run(job: Job, workers: number): Promise<RunReport> {
    let order = job.unfinished();
    const passes: Pass[] = [];
    let workersUsed = 0;
    let retries = 0;
    const tasks = order?.length ?? job.parts.spec.tasks;
    const report = (): RunReport => ({ ...reportOf(passes), workers: workersUsed, retries, ran: tasks });
    // Stopped while its arrays were being placed, or nothing left: nobody is woken for it.
    if (job.isStopped || order?.length === 0) return report();
    for (;;) {
      const slots = this.#pool.acquire(Math.min(workers, order?.length ?? job.parts.spec.tasks));
      const pass = new Pass(
        job,
        this.#openRound(job, slots.length, order),
        order?.length ?? job.parts.spec.tasks,
      );
      pass.wake(slots, this.#placed);
      passes.push(pass);
      const loss = await pass.ended;
      workersUsed = Math.max(workersUsed, slots.length);
      if (loss === undefined || job.isStopped) return report();
      order = job.unfinished() as Uint32Array;
      if (order.length === 0) return report();
      if (loss.terminated) continue;
      if (retries >= this.#maxRetries) throw lostError(order, loss);
      retries += 1;
    }
  }

  #openRound(job: Job, workers: number, order: Uint32Array | undefined): Round {
    const { spec, kernel, packing, onValue, lease, isTraced } = job.parts;
    const descriptor: Descriptor = {
      spec: job.specFor(order),
      kernel: kernel.id,
      block: this.#placed.block.memory,
      packing,
      tasks: order?.length ?? spec.tasks,
      stream: onValue !== undefined,
      logged: isTraced ? LOG_CAPACITY : 0,
      places: packPlaces(this.#placed.places),
    };
    const round = openRound(this.#arena, descriptor, workers, order);
    lease.add(round.region);
    return round;
  }
}

function reportOf(passes: readonly Pass[]): Omit<RunReport, "workers" | "retries" | "ran"> {
  const now = performance.now();
  const first = passes[0];
  return {
    busy: passes.reduce((total, pass) => total + pass.busy(), 0),
    metadataBytes: passes.reduce((total, pass) => total + pass.metadataBytes, 0),
    left: 0,
    woken: first?.woken ?? now,
    ready: first?.ready() ?? now,
    computing: computingTime(passes.flatMap((pass) => pass.meters())),
    claims: passes.flatMap((pass) => pass.claims()),
  };
}

/** One round as the caller's side follows it. */
class Pass implements RoundListener {
  /** Resolves when all tasks of the round have ended, or when no worker is left to run them. */
  readonly ended: Promise<Loss | undefined>;
  readonly woken = performance.now();
  metadataBytes: number;
  readonly #job: Job;
  readonly #round: Round;
  #end!: (loss: Loss | undefined) => void;
  readonly #participants: Slot[] = [];
  /** Workers that have not left, and which of the round's they are. */
  readonly #taking = new Map<Slot, number>();
  #received = 0;
  #loss: Loss | undefined;

  constructor(job: Job, round: Round, tasks: number) {
    this.#job = job;
    this.#round = round;
    this.metadataBytes = round.descriptorBytes + 4 * round.orderLength;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    job.beginRound(round.control, tasks);
    job.stopped.catch(() => this.#stopped());
  }

  /** Milliseconds that all workers together spent in tasks, as far as their claims have ended. */
  busy(): number {
    return this.#round.busy();
  }

  /** When the first worker served; not before it was woken. */
  ready(): number {
    const first = Math.min(...this.#participants.map((slot) => slot.readySince ?? Infinity));
    return Number.isFinite(first) ? Math.max(this.woken, first) : this.woken;
  }

  meters(): Float64Array[] {
    return this.#participants.map((_, participant) => this.#round.notes(participant).meter);
  }

  claims(): Claim[] {
    return this.#participants.flatMap((slot, participant) => {
      const { meter, log } = this.#round.notes(participant);
      return claimsOf(slot.number, meter, log);
    });
  }

  wake(slots: readonly Slot[], placed: PlacedJob): void {
    lastRound += 1;
    this.#participants.push(...slots);
    const { region, descriptorBytes, orderLength } = this.#round;
    const memory = [...placed.places, placed.block, { memory: region.id, buffer: region.buffer }];
    slots.forEach((slot, participant) => {
      this.#taking.set(slot, participant);
      const handles = newHandles(slot, memory);
      const kernel = this.#newKernel(slot);
      this.#job.parts.lease.hold();
      slot.wake(
        {
          round: lastRound,
          memory: region.id,
          descriptorBytes,
          orderLength,
          workers: slots.length,
          participant,
          handles,
          kernel,
          forget: slot.toForget.length === 0 ? null : slot.toForget.splice(0),
        },
        this,
      );
    });
  }

  report(slot: Slot, message: ReportMessage): void {
    const job = this.#job;
    for (const [index, value] of message.values) job.receive(index, value);
    for (const [index, thrown] of message.failures) job.fail(index, thrown);
    this.#received += message.values.length + message.failures.length;
    if (!message.left) {
      // Nothing else may come for long: its worker may be busy with another round by now.
      this.#lookForEnd();
      return;
    }
    if (message.broken !== null) {
      // No kernel, no task: the same as if the first one had failed.
      job.fail(0, message.broken);
      this.#round.control.lowerLimit(0);
    }
    this.#leave(slot);
  }

  lost(slot: Slot, loss: Loss): void {
    // A worker that the pool ended itself must not hide one that a kernel ended.
    if (this.#loss === undefined || this.#loss.terminated) this.#loss = loss;
    this.#leave(slot);
  }

  /** The job was stopped: workers that go on with its tasks for long are ended, for nobody waits for them. */
  #stopped(): void {
    setTimeout(() => {
      for (const [slot, participant] of this.#taking) {
        // Others have it before them still, and work for other rounds.
        if (this.#round.isRunning(participant)) void slot.terminate();
      }
    }, GRACE_MS).unref();
  }

  #leave(slot: Slot): void {
    this.#taking.delete(slot);
    this.#lookForEnd();
    this.#job.parts.lease.drop();
  }

  #lookForEnd(): void {
    const { control } = this.#round;
    // The order matters: a claim raises the count of posted values before it ends.
    if (control.finished && control.posted === this.#received) this.#end(undefined);
    else if (this.#taking.size === 0) this.#end(this.#loss);
  }

  #newKernel(slot: Slot): KernelAddress | null {
    const { id, address } = this.#job.parts.kernel;
    if (slot.knownKernels.has(id)) return null;
    slot.knownKernels.add(id);
    this.metadataBytes += address.type === "inline" ? address.source.length : address.url.length;
    return address;
  }
}

/** The handles that a worker lacks, now known to it. */
function newHandles(
  slot: Slot,
  memory: readonly { readonly memory: number; readonly buffer: SharedArrayBuffer }[],
): Map<number, SharedArrayBuffer> | null {
  let handles: Map<number, SharedArrayBuffer> | null = null;
  for (const { memory: id, buffer } of memory) {
    if (slot.knownMemory.has(id)) continue;
    slot.knownMemory.add(id);
    handles ??= new Map();
    handles.set(id, buffer);
  }
  return handles;
}

function lostError(unfinished: Uint32Array, { exitCode, error }: Loss): WorkerLostError {
  const reason = error instanceof Error ? `: ${error.message}` : "";
  return new WorkerLostError(
    exitCode === undefined
      ? `Cannot start a worker${reason}`
      : `Cannot finish the call as a worker ended (exit code ${exitCode}${reason}) while it ran task ` +
          `${unfinished[0]} or one of ${unfinished.length} unfinished tasks from there on`,
    exitCode,
    error,
  );
}
