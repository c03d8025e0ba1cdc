/**
 * The control block: the few words of shared memory by which a job's workers agree, without messages, on who runs
 * what. See README.md in this folder for the protocol and why it is safe.
 */

// A kernel on the calling thread may replace them, and must not make the loop endless.
const { max, min } = Math;

/** Next task to claim. Only grows; every claim is one `Atomics.add`. */
const NEXT = 0;
/**
 * Tasks at or past this index must not start. Starts as the number of tasks; a failure lowers it to its own index,
 * an abort to `ABORTED`. Only falls.
 */
const LIMIT = 1;
/**
 * Claims in progress. Raised before `NEXT` is, lowered after the claim's results are written: `NEXT` at the limit and
 * then no claim open means that every task below the limit has ended.
 */
const OPEN = 2;
/** Tasks that ended, added once per claim; read for progress only. */
const ENDED = 3;
/** Values and errors that were sent by message: the caller's side waits until it has received as many. */
const POSTED = 4;
/**
 * Tasks at or past this index must not be claimed yet: their results would have no place. The number of tasks, but for
 * streams, whose caller's side raises it as results are taken. Only grows.
 */
const GATE = 5;

/** Bytes of the block: a cache line of its own. */
export const CONTROL_BYTES = 64;

/** `LIMIT` of an aborted job: lower than any index. */
const ABORTED = -1;

/**
 * Claims run past the end by at most one claim per worker, and stay far below 2^31. Nor does a list hold more results:
 * V8 ends the process where one grows past 112,813,858 elements (Node 20).
 */
export const MAX_TASKS = 2 ** 26;

export class ControlBlock {
  /** Told on the thread that lowers the limit, if it is this one. */
  onLimit: (() => void) | undefined;
  readonly #words: Int32Array;

  /** @param words 16 words; on shared memory where workers take part */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Makes the block ready for `tasks` tasks. Before any worker knows of it. */
  reset(tasks: number): void {
    this.onLimit = undefined;
    // A loop, as `fill` takes longer for so few.
    for (let i = 0; i < this.#words.length; i += 1) this.#words[i] = 0;
    this.#words[LIMIT] = tasks;
    this.#words[GATE] = tasks;
  }

  /** Puts up the gate of a stream, whose workers claim by `claimBelowGate`. After `reset`, before any worker knows. */
  closeGate(gate: number): void {
    this.#words[GATE] = gate;
  }

  /** The caller's side alone does. */
  raiseGate(gate: number): void {
    Atomics.store(this.#words, GATE, gate);
  }

  /**
   * Claims up to `count` tasks.
   * @returns the first of them, or -1 when none is left; otherwise `endClaim` must follow
   */
  claim(count: number): number {
    const words = this.#words;
    Atomics.add(words, OPEN, 1);
    const start = Atomics.add(words, NEXT, count);
    if (start < Atomics.load(words, LIMIT)) return start;
    Atomics.sub(words, OPEN, 1);
    return -1;
  }

  /**
   * Claims up to `count` tasks that the gate lets pass: exactly those, so that results never exceed their room.
   * @returns undefined when there are none; otherwise `endClaim` must follow
   */
  claimBelowGate(count: number): readonly [start: number, end: number] | undefined {
    const words = this.#words;
    Atomics.add(words, OPEN, 1);
    for (;;) {
      const start = Atomics.load(words, NEXT);
      const end = min(start + count, Atomics.load(words, GATE));
      if (start >= end || start >= Atomics.load(words, LIMIT)) break;
      if (Atomics.compareExchange(words, NEXT, start, end) === start) return [start, end];
    }
    Atomics.sub(words, OPEN, 1);
    return undefined;
  }

  /** The results of a claim of `tasks` tasks are written: whoever sees the claim ended sees them too. */
  endClaim(tasks: number): void {
    Atomics.add(this.#words, ENDED, tasks);
    Atomics.sub(this.#words, OPEN, 1);
  }

  /** What is left of a claim becomes one of its own, which `endClaim` has to end, too. */
  divideClaim(): void {
    Atomics.add(this.#words, OPEN, 1);
  }

  /** Has every task below the limit ended? Once true, a late claim that finds nothing may make it false for a moment. */
  get finished(): boolean {
    return this.exhausted && Atomics.load(this.#words, OPEN) === 0;
  }

  /** Where the next claim will start: may be stale, fit for guessing how much is left. */
  get next(): number {
    return Atomics.load(this.#words, NEXT);
  }

  /** Tasks that claims would find now: may be stale, and grows when the gate is raised. */
  get claimable(): number {
    return max(0, min(Atomics.load(this.#words, GATE), this.limit) - this.next);
  }

  /** Is everything below the limit claimed? Once true, it stays so. */
  get exhausted(): boolean {
    return this.next >= this.limit;
  }

  get limit(): number {
    return Atomics.load(this.#words, LIMIT);
  }

  get aborted(): boolean {
    return Atomics.load(this.#words, LIMIT) === ABORTED;
  }

  /** No task at or past `index` starts from now on. */
  lowerLimit(index: number): void {
    let limit = Atomics.load(this.#words, LIMIT);
    while (index < limit) {
      const seen = Atomics.compareExchange(this.#words, LIMIT, limit, index);
      if (seen === limit) {
        this.onLimit?.();
        return;
      }
      limit = seen;
    }
  }

  abort(): void {
    this.lowerLimit(ABORTED);
  }

  get ended(): number {
    return Atomics.load(this.#words, ENDED);
  }

  addPosted(count: number): void {
    Atomics.add(this.#words, POSTED, count);
  }

  get posted(): number {
    return Atomics.load(this.#words, POSTED);
  }
}
