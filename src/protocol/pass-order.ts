/**
 * Which chunk of which pass a position of a round is. Positions go on from pass to pass. A later round begins with what is left of the
 * pass in which a worker was lost.
 */
import type { JobSpec } from "./job-spec.js";

// A kernel on the calling thread may replace this function.
const { floor } = Math;

/** Positions are 32-bit numbers, and claims never take them past the end. */
export const MAX_POSITIONS = 2 ** 31 - 1;

export class PassOrder {
  /** The pass of the position that was looked up last. */
  pass: number;
  /** Tasks of each pass. */
  readonly chunks: number;
  /** Positions of the first pass. */
  readonly head: number;
  /** The pass that the round begins with. */
  readonly first: number;
  readonly #rest: Uint32Array | undefined;

  /** @param rest the chunks that are left of the first pass, ascending; `undefined` if all are */
  constructor({ tasks, firstPass = 0 }: Pick<JobSpec, "tasks" | "firstPass">, rest: Uint32Array | undefined) {
    this.chunks = tasks;
    this.head = rest?.length ?? tasks;
    this.pass = firstPass;
    this.first = firstPass;
    this.#rest = rest;
  }

  /** The chunk at a position. Notes its pass. */
  indexAt(position: number): number {
    const beyond = position - this.head;
    if (beyond < 0) {
      this.pass = this.first;
      return this.#rest === undefined ? position : (this.#rest[position] as number);
    }
    const passes = floor(beyond / this.chunks);
    this.pass = this.first + 1 + passes;
    return beyond - passes * this.chunks;
  }

  /** The pass of a position. */
  passAt(position: number): number {
    this.indexAt(position);
    return this.pass;
  }

  /** Passes that have ended, those of earlier rounds included, when `ended` tasks of the round have. */
  passesEndedAt(ended: number): number {
    const beyond = ended - this.head;
    return beyond < 0 ? this.first : this.first + 1 + floor(beyond / this.chunks);
  }
}

/** Which of the two states a pass writes. The next pass reads it. */
export function stateOf(pass: number): 0 | 1 {
  return pass % 2 === 0 ? 0 : 1;
}

/**
 * The state after a number of passes.
 * @param columns arrays of a state
 * @param states the arrays of both states; of one if there is a single pass
 */
export function stateAfter<A>(passes: number, columns: number, states: readonly A[]): readonly A[] {
  const first = passes === 0 ? 0 : stateOf(passes - 1) * columns;
  return states.slice(first, first + columns);
}
