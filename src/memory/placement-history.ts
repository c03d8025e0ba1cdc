import type { PlacementPlan } from "./placement.js";

interface Placed {
  readonly bytes: number;
  readonly times: number;
}

const NEVER: Placed = Object.freeze({ bytes: 0, times: 0 });

/** Which plain buffers were placed before, and how often. Advice to share it follows if one is placed again and again. */
export class PlacementHistory {
  readonly #times = new WeakMap<ArrayBufferLike, number>();

  note({ spans }: PlacementPlan): void {
    for (const buffer of new Set(spans.map((span) => span.buffer))) {
      this.#times.set(buffer, (this.#times.get(buffer) ?? 0) + 1);
    }
  }

  /** Bytes of the plan that were placed before, and how often its most frequent buffer was. */
  of({ spans }: PlacementPlan): Placed {
    if (spans.length === 0) return NEVER;
    let bytes = 0;
    let times = 0;
    for (const { buffer, start, end } of spans) {
      const before = this.#times.get(buffer) ?? 0;
      if (before > 0) bytes += end - start;
      times = Math.max(times, before);
    }
    return { bytes, times };
  }
}
