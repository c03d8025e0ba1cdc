import type { Excess } from "./limits.js";
import { LATE_SHARE, SLACK_SHARE, TIGHT_SHARE } from "./limits.js";

/** Counts the memory of an arena, and knows how much there may be. All figures but `regions` are bytes. */
export class Ledger {
  /** `maxSharedBytes`. */
  readonly limit: number;
  #inUse = 0;
  #peak = 0;
  #regions = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** The most that was ever in use at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Regions in use or idle. */
  get regions(): number {
    return this.#regions;
  }

  /** Whether much of the limit is in use. */
  get isTight(): boolean {
    return this.#inUse > this.limit * TIGHT_SHARE;
  }

  /** The most that may be in use. @param areLeaving whether workers are about to leave calls that are over */
  mostInUse(excess: Excess, areLeaving: () => boolean): number {
    if (excess === "anything") return Infinity;
    return excess === "leaving" && areLeaving() ? this.limit * LATE_SHARE : this.limit;
  }

  /** The most that may be mapped: some garbage is cheaper than a collection for every small region. */
  get mostMapped(): number {
    return this.limit * (1 + SLACK_SHARE);
  }

  /** The arena has a new region. */
  gained(): void {
    this.#regions += 1;
  }

  /** An idle region is no longer the arena's. */
  dropped(): void {
    this.#regions -= 1;
  }

  /** A region came into use. */
  took(bytes: number): void {
    this.#inUse += bytes;
    this.#peak = Math.max(this.#peak, this.#inUse);
  }

  /** A region is no longer in use, and stays the arena's. */
  returned(bytes: number): void {
    this.#inUse -= bytes;
  }

  /** A region that was in use is no longer the arena's. The collector frees it once nobody can reach it. */
  letGo(bytes: number): void {
    this.returned(bytes);
    this.dropped();
  }
}
