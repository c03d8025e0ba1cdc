/** A child's part in a round, on this side: it claims tasks for the child, and enters what the child tells of them. */
import { pause } from "../../platform/time-slice.js";
import { AT, BUSY, ENDED, LOG_WORDS, LOGGED, RUNNING, SENDING, STARTED } from "../../protocol/meter.js";
import type { Thrown } from "../../protocol/thrown.js";
import type { Invitation } from "../threads/worker-slot.js";
import {
  AT_WORD,
  CHILD_WORDS,
  CHILD_WORDS_AT,
  LIMIT_WORD,
  PARENT_WORDS,
  type Range,
  RETURN_WORD,
  type ReportMessage,
  RUNNING_WORD,
} from "./messages.js";
import type { Outputs } from "./outputs.js";
import { enterTable, valuesOf } from "./results.js";
import type { Holder, TaskShare } from "./task-share.js";
import type { Transit } from "./transit.js";

/** What a part tells of itself. */
export interface PartListener {
  /** The child is to run these. */
  grant(ranges: readonly Range[]): void;
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

/** Tasks that have ended, and whether all of their claim have. */
interface Segment {
  readonly range: Range;
  readonly isLast: boolean;
}

export class RoundPart implements Holder {
  readonly share: TaskShare;
  /** Its words in the transit file. */
  readonly words: number;
  readonly #invitation: Invitation;
  readonly #outputs: Outputs | undefined;
  readonly #transit: Transit;
  readonly #listener: PartListener;
  readonly #meter: Float64Array;
  readonly #told = new Int32Array(PARENT_WORDS);
  /** In the order in which the child runs them. */
  #granted: Range[] = [];
  #outstanding = 0;
  /** Reports that have come and are not entered. */
  #entering = 0;
  #entered: Promise<void> | undefined;
  #isIn = false;
  /** It is to have tasks when the child says that it is there: it may be busy elsewhere for long. */
  #isAwaited = false;
  #isGone = false;

  constructor(
    invitation: Invitation,
    share: TaskShare,
    words: number,
    outputs: Outputs | undefined,
    transit: Transit,
    listener: PartListener,
  ) {
    const { round, participant } = invitation;
    this.share = share;
    this.words = words;
    this.#invitation = invitation;
    this.#outputs = outputs;
    this.#transit = transit;
    this.#listener = listener;
    this.#meter = round.meters[participant] as Float64Array;
    this.#told[LIMIT_WORD] = share.control.limit;
    this.#writeTold();
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /**
   * Takes part from now on.
   * @param isFree the child has nothing else to do
   * @returns its first tasks
   */
  enter(isFree: boolean): Range[] {
    this.#isIn = true;
    this.#isAwaited = !isFree;
    this.share.enter(this);
    this.tellLimit(this.share.control.limit);
    return isFree ? this.#grant() : [];
  }

  /** There may be tasks for it; if there are none, it leaves. */
  lookForTasks(): void {
    if (!this.#isIn || this.#isGone || this.#isAwaited) return;
    const ranges = this.#grant();
    if (ranges.length > 0) {
      this.#listener.grant(ranges);
      return;
    }
    if (this.#outstanding > 0 || this.#entering > 0) return;
    if (this.share.mayGetBack(this)) return;
    this.leave();
  }

  /** The child, which knows the round, is there again. */
  arrived(): void {
    this.#isAwaited = false;
    this.lookForTasks();
  }

  /** The child takes part no longer, for now. */
  leave(): void {
    this.#isIn = false;
    this.#meter[RUNNING] = 0;
    this.share.leave(this);
    this.#listener.left();
  }

  /** Can't take part: others get its tasks. */
  giveUp(): void {
    const ranges = this.#granted;
    this.#granted = [];
    this.#outstanding = 0;
    this.share.takeBack(this, ranges);
  }

  /** The child has ended. What it has not told of runs in another round. */
  lost(): void {
    this.#isGone = true;
    this.look();
    if (this.#isIn) this.share.leave(this);
  }

  askBack(): void {
    if (this.#told[RETURN_WORD] === 1) return;
    this.#told[RETURN_WORD] = 1;
    this.#writeTold();
    this.#listener.askBack();
  }

  tellLimit(limit: number): void {
    if (this.#told[LIMIT_WORD] === limit) return;
    this.#told[LIMIT_WORD] = limit;
    this.#writeTold();
  }

  /** Reads where the child is. */
  look(): void {
    const words = new Int32Array(CHILD_WORDS);
    this.#transit.read(new Uint8Array(words.buffer), this.words + CHILD_WORDS_AT);
    this.#meter[RUNNING] = words[RUNNING_WORD] as number;
    this.#meter[AT] = words[AT_WORD] as number;
  }

  /** @param read the values that came with it */
  report(message: ReportMessage, read: () => unknown): void {
    this.#isAwaited = false;
    const segments = this.#takeExecuted(message.executed);
    if (message.returned.length > 0) this.#takeBack(message.returned);
    if (message.executed > 0) {
      this.share.note(message.executed, (message.meter[BUSY] as number) - (this.#meter[BUSY] as number));
      this.#meter[BUSY] = message.meter[BUSY] as number;
    }
    // The child is to go on while its results are entered here.
    if (this.#isIn && !this.#isGone) {
      const ranges = this.#grant();
      if (ranges.length > 0) this.#listener.grant(ranges);
    }
    this.#entering += 1;
    const before = this.#entered;
    const copying =
      before === undefined
        ? this.#copyOutputs(message, segments)
        : before.then(() => this.#copyOutputs(message, segments));
    if (copying === undefined) {
      this.#enterResults(message, segments, read);
      return;
    }
    const entered = copying
      .catch((reason: unknown) => this.#invitation.job.stop(reason))
      .then(() => {
        if (this.#entered === entered) this.#entered = undefined;
        this.#enterResults(message, segments, read);
      });
    this.#entered = entered;
  }

  /** What has come so far is entered; undefined: it is. */
  get entered(): Promise<void> | undefined {
    return this.#entered;
  }

  #grant(): Range[] {
    const ranges = this.share.grantFor(this);
    for (const range of ranges) {
      this.#granted.push(range);
      this.#outstanding += range[1] - range[0];
    }
    return ranges;
  }

  #takeExecuted(count: number): Segment[] {
    const segments: Segment[] = [];
    this.#outstanding -= count;
    for (let left = count; left > 0; ) {
      const [start, end] = this.#granted[0] as Range;
      const until = Math.min(end, start + left);
      const isLast = until === end;
      segments.push({ range: [start, until], isLast });
      if (isLast) this.#granted.shift();
      else this.#granted[0] = [until, end];
      left -= until - start;
    }
    return segments;
  }

  #takeBack(returned: readonly Range[]): void {
    this.#told[RETURN_WORD] = 0;
    this.#writeTold();
    this.#granted = this.#granted.filter(([, end]) => !returned.some(([, last]) => last === end));
    for (const [start, end] of returned) this.#outstanding -= end - start;
    this.share.takeBack(this, returned);
  }

  #copyOutputs(message: ReportMessage, segments: readonly Segment[]): Promise<void> | undefined {
    const { job, round } = this.#invitation;
    if (this.#outputs === undefined || job.isStopped) return undefined;
    const ranges = segments.map(({ range }) => range);
    return this.#outputs.copy(ranges, round.order, message.written, pause);
  }

  #enterResults(message: ReportMessage, segments: readonly Segment[], read: () => unknown): void {
    const { job, round, participant } = this.#invitation;
    const { control } = this.share;
    const { results, indices, meter, log } = message;
    const ranges = segments.map(({ range }) => range);
    if (results !== null) enterTable(results, ranges, job, round);
    for (const word of [STARTED, ENDED, LOGGED, SENDING]) this.#meter[word] = meter[word] as number;
    if (log !== null) round.log(participant)?.set(log[1], log[0] * LOG_WORDS);
    const failures = [...message.failures];
    const values = valuesOf(indices, read, failures);
    for (const [index] of values) job.parts.block.results.markElsewhere(index);
    for (const [index] of failures) job.parts.block.results.markElsewhere(index);
    control.addPosted(values.length + failures.length);
    for (const { range, isLast } of segments) {
      if (!isLast) control.divideClaim();
      control.endClaim(range[1] - range[0]);
    }
    for (const [index] of failures) control.lowerLimit(round.positionOf(index));
    this.#entering -= 1;
    this.#listener.received(values, failures);
    this.lookForTasks();
  }

  #writeTold(): void {
    this.#transit.write(new Uint8Array(this.#told.buffer), this.words);
  }
}
