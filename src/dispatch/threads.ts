/** Runs a job on the pool, in rounds: usually one; another for what a lost worker left unfinished. */
import { WorkerLostError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { type Descriptor, openRound, packPlaces, type Round } from "../protocol/round.js";
import type { Job, RunReport, Strategy } from "./job.js";
import { computingTime, LOG_CAPACITY } from "./notes.js";
import { Pass, type PlacedJob } from "./pass.js";
import type { Pool } from "./pool.js";
import type { Loss } from "./slot.js";

// A round this short is over before a message would have come, and before a second worker would have woken up.
const SHORT_MS = 0.1;

export class ThreadsStrategy implements Strategy {
  readonly #pool: Pool;
  readonly #arena: Arena;
  readonly #placed: PlacedJob;
  readonly #maxRetries: number;
  readonly #isShort: boolean;

  /** @param expected milliseconds of computing; undefined: nobody knows */
  constructor(pool: Pool, arena: Arena, placed: PlacedJob, maxRetries: number, expected: number | undefined) {
    this.#pool = pool;
    this.#arena = arena;
    this.#placed = placed;
    this.#maxRetries = maxRetries;
    this.#isShort = pool.tricks.look && expected !== undefined && expected <= SHORT_MS;
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
      const left = order?.length ?? job.parts.spec.tasks;
      const slots = this.#pool.acquire(Math.min(workers, left));
      // Where a gate is in the way workers come and go, which takes messages.
      const isShort = this.#isShort && (job.parts.backlog?.hasRoomFor(left, slots.length) ?? true);
      const round = this.#openRound(job, slots.length, order, isShort);
      const pass = new Pass(job, round, left, this.#placed, this.#pool);
      if (isShort) pass.wakeOne(slots);
      else pass.wake(slots);
      passes.push(pass);
      const loss = await pass.ended;
      workersUsed = Math.max(workersUsed, pass.workers);
      if (loss === undefined || job.isStopped) return report();
      order = job.unfinished() as Uint32Array;
      if (order.length === 0) return report();
      if (loss.terminated) continue;
      if (retries >= this.#maxRetries) throw lostError(order, loss);
      retries += 1;
    }
  }

  #openRound(job: Job, workers: number, order: Uint32Array | undefined, isShort: boolean): Round {
    const { spec, kernel, packing, backlog, lease, isTraced } = job.parts;
    const descriptor: Descriptor = {
      spec: job.specFor(order),
      kernel: kernel.id,
      block: this.#placed.block.memory,
      packing,
      tasks: order?.length ?? spec.tasks,
      stream: backlog !== undefined,
      slots: backlog === undefined && this.#pool.tricks.slots,
      grows: this.#pool.tricks.grain,
      logged: isTraced ? LOG_CAPACITY : 0,
      places: packPlaces(this.#placed.places),
    };
    const round = openRound(this.#arena, descriptor, workers, order, isShort);
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
