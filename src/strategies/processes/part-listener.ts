import type { Thrown } from "../../protocol/thrown.js";
import type { Range } from "./messages.js";

/** What a part tells of itself. */
export interface PartListener {
  /** The child is to run these. */
  grant(ranges: readonly Range[]): void;
  /** The child is to look whether inputs have changed. */
  verify(): void;
  /** The child is to look whether it has tasks to give back. */
  askBack(): void;
  /** Values and failures have come, and the counters of the round have them. */
  received(
    values: readonly (readonly [number, unknown])[],
    failures: readonly (readonly [number, Thrown])[],
  ): void;
  /** The child has nothing to do in the round. */
  left(): void;
}
