/** A child's part in a round, on this side: it claims tasks for the child, and enters what the child tells of them. */
import { clock } from "../../platform/clock.js";
import { pause } from "../../platform/time-slice.js";
import { BUSY, ENDED, LOG_WORDS, LOGGED, RUNNING, SENDING, STARTED } from "../../protocol/meter.js";
import type { Invitation } from "../threads/worker-slot.js";
import type { Range, ReportMessage } from "./messages.js";
import type { Outputs } from "./outputs.js";
import type { PartListener } from "./part-listener.js";
import type { PartWords } from "./part-words.js";
import { enterTable, valuesOf } from "./results.js";
import type { RoundRecord } from "./rounds.js";
import type { Holder, TaskShare } from "./task-share.js";
import { Verification } from "./verification.js";

export class RoundPart implements Holder {
  readonly share: TaskShare;
  readonly words: PartWords;
  readonly #invitation: Invitation;
  readonly #outputs: Outputs | undefined;
  readonly #verification: Verification;
  readonly #listener: PartListener;
  readonly #meter: Float64Array;
  /** Granted ranges, in the order in which the child runs them. */
  #granted: Range[] = [];
  #outstanding = 0;
  #heard = clock();
  /** Reports that have come and are not entered. */
  #entering = 0;
  #entered: Promise<void> | undefined;
  #isIn = false;
  /** Whether it gets tasks only when the child says that it is there, because the child may be busy elsewhere for long. */
  #isAwaited = false;
  #isGone = false;

  constructor(
    invitation: Invitation,
    { share, outputs, inputs }: RoundRecord,
    words: PartWords,
    listener: PartListener,
  ) {
    const { round, participant } = invitation;
    this.share = share;
    this.words = words;
    words.begin(share.control.limit);
    this.#invitation = invitation;
    this.#outputs = outputs;
    this.#verification = new Verification(share.control, inputs.verifies);
    this.#listener = listener;
    this.#meter = round.meters[participant] as Float64Array;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  get heard(): number {
    return this.#heard;
  }

  /**
   * Takes part from now on.
   * @param isFree whether the child has nothing else to do
   * @returns its first tasks
   */
  enter(isFree: boolean): Range[] {
    this.#isIn = true;
    this.#isAwaited = !isFree;
    this.share.enter(this);
    this.#verification.begin();
    this.tellLimit(this.share.control.limit);
    return isFree ? this.#grant() : [];
  }

  /** Looks whether there are tasks for it. If there are none, it leaves. */
  lookForTasks(): void {
    if (!this.#isIn || this.#isGone || this.#isAwaited) return;
    const ranges = this.#grant();
    if (ranges.length > 0) {
      this.#listener.grant(ranges);
      return;
    }
    if (this.#outstanding > 0 || this.#entering > 0) return;
    if (this.share.mayGetBack(this)) return;
    const isStopped = this.#invitation.job.isStopped;
    if (isStopped || !this.#verification.isAwaited(() => this.#listener.verify())) this.leave();
  }

  /** The child has said whether inputs have changed. */
  verified(): void {
    this.#verification.end();
    this.lookForTasks();
  }

  /** The child, which knows the round, is there again. */
  arrived(): void {
    this.#isAwaited = false;
    this.lookForTasks();
  }

  /** The child takes part no longer, for now. */
  leave(): void {
    this.#isIn = false;
    this.#verification.end();
    this.#meter[RUNNING] = 0;
    this.share.leave(this);
    this.#listener.left();
  }

  /** The child can't take part. Others get its tasks. */
  giveUp(): void {
    this.#verification.end();
    const ranges = this.#granted;
    this.#granted = [];
    this.#outstanding = 0;
    this.share.takeBack(this, ranges);
  }

  /** The child has ended. Tasks that it has not told of run in another round. */
  lost(): void {
    this.#isGone = true;
    this.look();
    if (this.#isIn) this.share.leave(this);
  }

  askBack(): void {
    if (this.words.tellReturn(true)) this.#listener.askBack();
  }

  tellLimit(limit: number): void {
    this.words.tellLimit(limit);
  }

  /** Reads where the child is. */
  look(): void {
    this.words.readInto(this.#meter);
  }

  /** @param read the values that came with it */
  report(message: ReportMessage, read: () => unknown): void {
    this.#isAwaited = false;
    this.#heard = clock();
    const ranges = this.#takeExecuted(message.executed);
    if (message.returned.length > 0) this.#takeBack(message.returned);
    if (message.executed > 0) {
      this.share.note(message.executed, (message.meter[BUSY] as number) - (this.#meter[BUSY] as number));
      this.#meter[BUSY] = message.meter[BUSY] as number;
    }
    // The child goes on while its results are entered here.
    if (this.#isIn && !this.#isGone) {
      const ranges = this.#grant();
      if (ranges.length > 0) this.#listener.grant(ranges);
    }
    this.#entering += 1;
    const before = this.#entered;
    const copying =
      before === undefined
        ? this.#copyOutputs(message, ranges)
        : before.then(() => this.#copyOutputs(message, ranges));
    if (copying === undefined) {
      this.#enterResults(message, ranges, read);
      return;
    }
    const entered = copying
      .catch((reason: unknown) => this.#invitation.job.stop(reason))
      .then(() => {
        if (this.#entered === entered) this.#entered = undefined;
        this.#enterResults(message, ranges, read);
      });
    this.#entered = entered;
  }

  /** What has come so far is entered; `undefined` if it is. */
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

  #takeExecuted(count: number): Range[] {
    const ranges: Range[] = [];
    this.#outstanding -= count;
    for (let left = count; left > 0; ) {
      const [start, end] = this.#granted[0] as Range;
      const until = Math.min(end, start + left);
      const isLast = until === end;
      ranges.push([start, until]);
      if (isLast) {
        this.#granted.shift();
      } else {
        // Not later: the rest may be given back, and end, before this part is entered.
        this.share.control.divideClaim();
        this.#granted[0] = [until, end];
      }
      left -= until - start;
    }
    return ranges;
  }

  #takeBack(returned: readonly Range[]): void {
    this.words.tellReturn(false);
    for (const [start, end] of returned) {
      this.#outstanding -= end - start;
      const at = this.#granted.findIndex(([, last]) => last === end);
      const [first] = this.#granted[at] as Range;
      if (first === start) {
        this.#granted.splice(at, 1);
        continue;
      }
      // The child is at what comes before.
      this.#granted[at] = [first, start];
      this.share.control.divideClaim();
    }
    this.share.takeBack(this, returned);
  }

  #copyOutputs(message: ReportMessage, ranges: readonly Range[]): Promise<void> | undefined {
    const { job, round } = this.#invitation;
    if (this.#outputs === undefined || job.isStopped) return undefined;
    return this.#outputs.copy(ranges, round.order, message.written, pause);
  }

  #enterResults(message: ReportMessage, ranges: readonly Range[], read: () => unknown): void {
    const { job, round, participant } = this.#invitation;
    const { control } = this.share;
    const { results, indices, meter, log } = message;
    if (results !== null) enterTable(results, ranges, job, round);
    for (const word of [STARTED, ENDED, LOGGED, SENDING]) this.#meter[word] = meter[word] as number;
    if (log !== null) round.log(participant)?.set(log[1], log[0] * LOG_WORDS);
    const failures = [...message.failures];
    const values = valuesOf(indices, read, failures);
    for (const [index] of values) job.parts.block.results.markElsewhere(index);
    for (const [index] of failures) job.parts.block.results.markElsewhere(index);
    control.addPosted(values.length + failures.length);
    for (const [start, end] of ranges) control.endClaim(end - start);
    for (const [index] of failures) control.lowerLimit(round.positionOf(index));
    this.#entering -= 1;
    this.#listener.received(values, failures);
    this.lookForTasks();
  }
}
