import type { PartialResults, TaskRange } from "../errors.js";
import { taskRange } from "../protocol/job-spec.js";
import { ManyValues, MOST_IN_MAP } from "../protocol/many-values.js";
import type { Values } from "../protocol/received.js";
import type { ResultTable } from "../protocol/result-table.js";
import type { Job } from "../strategies/job.js";

/**
 * What a failed job had finished. Nine bytes per task are copied at once, so that the job's memory can return; the rest
 * is made when somebody looks.
 */
export class PartialOutcome implements PartialResults {
  readonly outputs: PartialResults["outputs"];
  readonly passes: number | undefined;
  readonly #results: ResultTable;
  readonly #received: Values;
  /** For `streamShared` it is noted only that they were received. For `iterateShared` there are none. */
  readonly #hasValues: boolean;
  readonly #failed: number | undefined;
  /** The index of the job's first task. */
  readonly #first: number;
  readonly #rangeOf: (index: number) => readonly [start: number, end: number];
  #values: ReadonlyMap<number, unknown> | undefined;
  #unfinished: readonly TaskRange[] | undefined;

  constructor({ parts, received, failure, passes }: Job, outputs: PartialResults["outputs"]) {
    const { spec, sizes, block, streamBuffer } = parts;
    this.outputs = outputs;
    this.#results = block.results.copy();
    this.#received = received;
    this.passes = passes?.whole;
    this.#hasValues = streamBuffer === undefined && passes === undefined;
    this.#failed = failure?.index;
    this.#first = spec.earlier ?? 0;
    // The arrays themselves may be heavy, and this object may be kept.
    const lengths = spec.shape === "list" ? sizes.map(({ length }) => ({ length })) : [];
    this.#rangeOf = (index) => taskRange(spec, lengths, index);
  }

  get values(): ReadonlyMap<number, unknown> {
    this.#values ??= this.#collect();
    return this.#values;
  }

  #collect(): ReadonlyMap<number, unknown> {
    const { length } = this.#results;
    const has = (index: number): boolean => this.#hasEnded(index);
    const valueAt = (index: number): unknown => this.#results.valueAt(index, this.#received);
    const end = this.#hasValues ? length : 0;
    let size = 0;
    for (let i = 0; i < end; i++) if (has(i)) size += 1;
    if (size > MOST_IN_MAP) return new ManyValues(size, length, has, valueAt);
    const values = new Map<number, unknown>();
    for (let i = 0; i < end; i++) if (has(i)) values.set(i, valueAt(i));
    return values;
  }

  get unfinished(): readonly TaskRange[] {
    if (this.#unfinished === undefined) {
      const unfinished: TaskRange[] = [];
      for (let index = 0; index < this.#results.length; index++) {
        if (this.#hasEnded(index)) continue;
        const [start, end] = this.#rangeOf(index);
        unfinished.push({ index: this.#first + index, start, end });
      }
      this.#unfinished = unfinished;
    }
    return this.#unfinished;
  }

  #hasEnded(index: number): boolean {
    if (this.passes !== undefined)
      return index !== this.#failed && this.#results.numberAt(index) > this.passes;
    // A task whose time was up may have ended after all, too late.
    if (index === this.#failed || this.#results.isPending(index)) return false;
    // Some results of a lost worker may never have been sent. A failed task has none.
    return !this.#results.isElsewhere(index) || this.#received.has(index);
  }
}
