/** Results that do not leave the thread come out as if they had: cloned, and with the same errors. */
import { structuredClone } from "../../platform/builtins.js";
import { HEAVY, ResultCopier, type ResultCopy } from "../../protocol/result-copy.js";
import type { ResultSink } from "../../tasks/task-loop.js";
import type { Job } from "../job.js";

/** Clones what a message would clone. Never transfers, because that would make the caller's own code slower. */
export class LocalResultCopier extends ResultCopier {
  /** @throws DataCloneError, RangeError as structured clone does */
  override prepare(result: unknown): ResultCopy {
    const { value, weight, isPlain } = super.prepare(result);
    return { value: isPlain ? value : structuredClone(value), transfer: [], isPlain: true, weight };
  }
}

/** Gives results to the job. */
export class LocalResultSink implements ResultSink {
  readonly #job: Job;
  readonly #assertThere: (() => void) | undefined;

  constructor(job: Job, assertThere: (() => void) | undefined) {
    this.#job = job;
    this.#assertThere = assertThere;
  }

  value(index: number, { value, weight }: ResultCopy): void {
    // A stream gives it to its loop at once.
    if (this.#job.parts.streamBuffer !== undefined) this.#assertThere?.();
    if (weight > HEAVY) this.#job.receiveApart(index, value);
    else this.#job.receive(index, value);
  }

  failure(index: number, thrown: Parameters<ResultSink["failure"]>[1]): void {
    this.#job.fail(index, thrown);
  }

  claimEnded(): void {}
}
