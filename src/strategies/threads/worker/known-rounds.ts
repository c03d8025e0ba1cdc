/** Rounds that a worker has read, and that it may take part in again without reading them anew. */
import type { WakeMessage } from "../../../protocol/messages.js";
import type { JoinedRound } from "./joined-round.js";

export class KnownRounds {
  /** Rounds that were left at a closed gate and may be joined again, by their memory: it holds one at a time. */
  readonly #shut = new Map<number, JoinedRound>();
  /** The last round in a memory, which the next one may repeat. */
  readonly #standing = new Map<number, JoinedRound>();

  /** The round of a wake message, if this worker has read it before. */
  find(wake: WakeMessage): JoinedRound | undefined {
    const shut = this.#shut.get(wake.memory);
    this.#shut.delete(wake.memory);
    // Reading it anew takes longer the more arrays there are.
    if (shut?.wake.round === wake.round && shut.isFor(wake)) return shut;
    const standing = this.#standing.get(wake.memory);
    if (standing?.isFor(wake) !== true) return undefined;
    standing.repeat(wake);
    return standing;
  }

  /** A round was read. */
  add(joined: JoinedRound): void {
    if (joined.isRepeatable) this.#standing.set(joined.wake.memory, joined);
  }

  /** The worker has left a round at a closed gate. */
  leftAtGate(joined: JoinedRound): void {
    this.#shut.set(joined.wake.memory, joined);
  }

  clear(): void {
    this.#shut.clear();
    this.#standing.clear();
  }
}
