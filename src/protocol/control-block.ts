/**
 * The control block: a few words of shared memory by which workers agree on who runs what, without messages. README.md in this
 * folder has the protocol, and why it is safe.
 */

// Held, because a kernel on the calling thread may replace them and so make the loop endless.
const { max, min } = Math;

/** Next task to claim. Only grows; every claim is one `Atomics.add`. */
const NEXT = 0;
/**
 * Tasks at or past this index must not start. It starts as the number of tasks and only falls: a failure lowers it to its own
 * index, an abort to `ABORTED`. In a round of single jobs a value below 0 also names the job that nobody wants (`deny`).
 */
const LIMIT = 1;
/**
 * Claims in progress. A worker raises it before `NEXT`, and lowers it once the claim's results are written. If `NEXT` is at the
 * limit, and then no claim is open, every task below the limit has ended.
 */
const OPEN = 2;
/** Tasks that ended. Each claim adds its own once. Read for progress only. */
const ENDED = 3;
/** Values and errors that go by message. The caller's side waits until it has received as many. */
const POSTED = 4;
/**
 * Tasks at or past this index must not be claimed yet. It only grows. In streams there is no room for their results, and the
 * caller's side raises it as results are taken. In jobs of several passes they belong to a later pass, and a worker raises it when
 * the pass has ended. In other calls it is the number of tasks.
 */
const GATE = 5;
/** The last pass, from 1, of which a task returned more than the tolerance; 0 if there is none. Only grows. */
const EXCEEDED = 6;
/** Changes when workers that wait for the end of a pass must look again. */
const NEWS = 7;

/** Bytes of the block: a cache line of its own. */
export const CONTROL_BYTES = 64;

/** `LIMIT` of an aborted job: lower than any other. */
const ABORTED = -(2 ** 31);

/** Whether this limit denies the single job at `position`. */
export function denies(limit: number, position: number): boolean {
  return limit === ABORTED || limit === -1 - position;
}

/**
 * Claims run past the end by at most one claim per worker, and stay far below 2^31. A list of results does not hold more either:
 * V8 ends the process if a list grows past 112,813,858 elements (Node 20).
 */
export const MAX_TASKS = 2 ** 26;

export class ControlBlock {
  /** Called on this thread when it lowers the limit. */
  onLimit: (() => void) | undefined;
  readonly #words: Int32Array;

  /** @param words 16 words; on shared memory if workers take part */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Makes the block ready for `tasks` tasks, before any worker knows of it. */
  reset(tasks: number): void {
    this.onLimit = undefined;
    // A loop, because `fill` takes longer for so few words.
    for (let i = 0; i < this.#words.length; i += 1) this.#words[i] = 0;
    this.#words[LIMIT] = tasks;
    this.#words[GATE] = tasks;
  }

  /** Puts up the gate, below which workers claim by `claimBelowGate`. After `reset`, before any worker knows of it. */
  closeGate(gate: number): void {
    this.#words[GATE] = gate;
  }

  /** Lets workers claim up to this task. Only the caller's side does so. */
  raiseGate(gate: number): void {
    Atomics.store(this.#words, GATE, gate);
  }

  /**
   * Claims up to `count` tasks.
   * @returns the first of them, after which `endClaim` must follow; -1 if none is left
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
   * Claims up to `count` tasks below the gate, and none beyond, so that results never exceed their room.
   * @returns the claimed tasks, after which `endClaim` must follow; `undefined` if there are none
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

  /** The results of a claim of `tasks` tasks are written. A thread that sees that the claim has ended sees its results, too. */
  endClaim(tasks: number): void {
    Atomics.add(this.#words, ENDED, tasks);
    Atomics.sub(this.#words, OPEN, 1);
  }

  /** The rest of a claim becomes a claim of its own, which `endClaim` must end, too. */
  divideClaim(): void {
    Atomics.add(this.#words, OPEN, 1);
  }

  /** Whether every task below the limit has ended. A late claim that finds nothing may make it false again for a moment. */
  get finished(): boolean {
    return this.exhausted && Atomics.load(this.#words, OPEN) === 0;
  }

  /** The start of the next claim. It may be stale, and serves to guess how much is left. */
  get next(): number {
    return Atomics.load(this.#words, NEXT);
  }

  /** Tasks that claims would find now. It may be stale, and grows when the gate is raised. */
  get claimable(): number {
    return max(0, min(Atomics.load(this.#words, GATE), this.limit) - this.next);
  }

  /** Whether everything below the limit is claimed. Once true, it stays so. */
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
        this.#tell();
        this.onLimit?.();
        return;
      }
      limit = seen;
    }
  }

  abort(): void {
    this.lowerLimit(ABORTED);
  }

  /**
   * For a round of single jobs: nobody wants the job at `position` any more, and no job starts from now on. Another job that
   * runs goes on, to its end.
   */
  deny(position: number): void {
    this.lowerLimit(-1 - position);
  }

  get ended(): number {
    return Atomics.load(this.#words, ENDED);
  }

  get gate(): number {
    return Atomics.load(this.#words, GATE);
  }

  /** Every task below the gate has ended. The next pass reaches to `to`. If several workers say so, one of them opens it. */
  openGate(from: number, to: number): void {
    if (Atomics.compareExchange(this.#words, GATE, from, to) === from) this.#tell();
  }

  /** No task of a later pass starts, because a worker is lost and the others must leave. */
  cutAtGate(): void {
    this.lowerLimit(this.gate);
    // The worker that had lowered it that far may have been lost before it said so.
    this.#tell();
  }

  /** The last pass, from 1, of which a task returned more than the tolerance. */
  get exceeded(): number {
    return Atomics.load(this.#words, EXCEEDED);
  }

  /** A task of this pass, from 1, returned more than the tolerance. No task of another pass is in progress. */
  exceed(pass: number): void {
    if (this.exceeded < pass) Atomics.store(this.#words, EXCEEDED, pass);
  }

  /** Differs from an earlier value if the gate was opened or the limit has fallen since. */
  get news(): number {
    return Atomics.load(this.#words, NEWS);
  }

  /**
   * A worker sleeps until there is news, for `ms` milliseconds at most. @param seen the value of `news` before its last look
   */
  waitForNews(seen: number, ms: number): void {
    Atomics.wait(this.#words, NEWS, seen, ms);
  }

  #tell(): void {
    Atomics.add(this.#words, NEWS, 1);
    Atomics.notify(this.#words, NEWS);
  }

  addPosted(count: number): void {
    Atomics.add(this.#words, POSTED, count);
  }

  get posted(): number {
    return Atomics.load(this.#words, POSTED);
  }
}
