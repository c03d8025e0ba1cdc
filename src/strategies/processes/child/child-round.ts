import { clock } from "../../../platform/clock.js";
import { isError } from "../../../platform/realms.js";
import { AT, LOG_WORDS, LOGGED, METER_WORDS } from "../../../protocol/meter.js";
import { HEAVY, ResultCopier, type ResultCopy } from "../../../protocol/result-copy.js";
import { ResultTable } from "../../../protocol/result-table.js";
import { packThrown, type Thrown } from "../../../protocol/thrown.js";
import { AbortCheck } from "../../../tasks/abort-check.js";
import { bindTasks } from "../../../tasks/bind-tasks.js";
import { type ResultSink, TaskLoop } from "../../../tasks/task-loop.js";
import { listedOrder } from "../../../tasks/task-order.js";
import { assertIntact } from "../../threads/worker/self-check.js";
import type { JoinMessage, Range, ReportMessage } from "../messages.js";
import { GrantedTasks } from "./granted-tasks.js";
import { InputsBefore } from "./inputs-before.js";
import type { KnownRound } from "./known-round.js";
import { WrittenOutputs } from "./written-outputs.js";

// A message costs some 30 µs on both sides, however little it carries.
const GATHER_MS = 2;

/** Sends a message, with values beside it. @throws if the values can't be carried */
export type Send = (message: ReportMessage, values?: readonly unknown[]) => void;

export class ChildRound implements ResultSink {
  readonly known: KnownRound;
  readonly run: TaskLoop;
  readonly control: GrantedTasks;
  readonly inputs: InputsBefore;
  readonly #send: Send;
  readonly #outputs: WrittenOutputs;
  readonly #results: ResultTable | undefined;
  readonly #isEager: boolean;
  readonly #meter = new Float64Array(METER_WORDS);
  readonly #log: Float64Array | undefined;
  #indices: number[] = [];
  #values: unknown[] = [];
  #failures: (readonly [number, Thrown])[] = [];
  #weight = 0;
  #sent = clock();
  #logged = 0;

  /**
   * @param ranges its first tasks
   * @param outputs where they go in the transit file
   */
  constructor(known: KnownRound, ranges: readonly Range[], outputs: JoinMessage["outputs"], send: Send) {
    const { descriptor, arrays, kernel, order, words, verifies } = known;
    const { stream, slots, grows, logged, tasks } = descriptor;
    const spec = known.takeSpec();
    const { items, results } = known.openBlock();
    results.reset();
    this.known = known;
    this.#send = send;
    this.#outputs = new WrittenOutputs(spec, arrays, outputs);
    this.inputs = new InputsBefore(arrays, spec.outputs?.arrays ?? [], verifies);
    this.#results = slots ? results : undefined;
    // After a loss nothing gathers for long: the next child may be lost as well.
    this.#isEager = stream || order !== undefined || spec.single === true;
    this.#log = logged === 0 ? undefined : new Float64Array(logged * LOG_WORDS);
    this.control = new GrantedTasks(tasks, words);
    this.control.grant(ranges);
    const { mend, mendsEach } = kernel;
    const meter = this.#meter;
    const aborts = new AbortCheck(words, meter, spec.single);
    const bound = bindTasks(spec, arrays, items, kernel.fn, aborts.aborted);
    this.run = new TaskLoop({
      run: (index) => {
        if (mend !== undefined && mendsEach) mend();
        words.begin(meter[AT] as number);
        return bound.run(index);
      },
      wanted: aborts,
      control: this.control,
      results,
      departure: new ResultCopier(kernel.stateful, bound.borrowed, Infinity),
      outbox: this,
      tasks,
      order: listedOrder(order),
      meter,
      log: this.#log,
      workers: 1,
      slots,
      gated: true,
      grows,
      mend,
    });
  }

  value(index: number, { value, weight }: ResultCopy): void {
    // A value that can't be read costs the values of one message.
    if (this.#weight + weight > HEAVY) this.flush();
    this.#weight += weight;
    this.#indices.push(index);
    this.#values.push(value);
  }

  /** @throws Error if this process is of no use any more. Then the process may be to blame, not the task */
  failure(index: number, thrown: Thrown): void {
    assertIntact();
    this.#failures.push([index, thrown]);
  }

  claimEnded(): void {
    // Without tasks the child waits for more.
    const isIdle = this.control.claimable === 0;
    // This comes before the report: after that the parent may begin another round with these words.
    if (isIdle) this.known.words.pause();
    const isDue = isIdle || this.#isEager || this.#failures.length > 0 || this.control.hasReturned;
    if (isDue || this.#weight >= HEAVY || clock() - this.#sent >= GATHER_MS) this.flush();
  }

  /** The parent asks for tasks, perhaps while one is awaited. */
  look(): void {
    this.control.look();
    if (this.control.hasReturned) this.flush();
  }

  /** The child is at none of the round's tasks now. */
  pause(): void {
    this.known.words.pause();
    if (this.control.hasReturned || this.#indices.length > 0) this.flush();
  }

  /** Tells what has been done since the last time. */
  flush(): void {
    const executed = this.control.takeExecuted();
    const indices = this.#indices;
    const values = this.#values;
    const failures = this.#failures;
    this.#indices = [];
    this.#values = [];
    this.#failures = [];
    this.#weight = 0;
    this.#sent = clock();
    const report: ReportMessage = {
      type: "report",
      round: this.known.name,
      executed: executed.reduce((sum, [start, end]) => sum + end - start, 0),
      results: this.#results === undefined ? null : this.#pack(this.#results, executed),
      written: this.#write(executed),
      indices,
      failures,
      meter: this.#meter,
      log: this.#takeLog(),
      returned: this.control.takeReturned(),
    };
    try {
      this.#send(report, values.length === 0 ? undefined : values);
      return;
    } catch (error) {
      // Nothing was sent. If no value is to blame, nothing can be.
      if (values.length === 0) throw error;
    }
    const rest = { ...report, executed: 0, results: null, written: [], log: null, returned: [] };
    for (const [at, index] of indices.entries()) {
      try {
        this.#send({ ...rest, indices: [index], failures: [] }, [values[at]]);
      } catch (reason) {
        this.#send({ ...rest, indices: [], failures: [[index, packThrown(unsentError(reason))]] });
      }
    }
    this.#send({ ...report, indices: [] });
  }

  /** Small values go into a result table of their own. */
  #pack(results: ResultTable, executed: readonly Range[]): Uint8Array {
    const count = executed.reduce((sum, [start, end]) => sum + end - start, 0);
    const bytes = new Uint8Array(ResultTable.bytesFor(count));
    const packed = ResultTable.over(bytes, count);
    let at = 0;
    this.#eachRun(executed, (start, end) => {
      packed.copyFrom(results, start, at, end - start);
      at += end - start;
    });
    return bytes;
  }

  /** Writes parts of outputs to the transit file. @returns those that it has no room for */
  #write(executed: readonly Range[]): ReportMessage["written"] {
    const rest: ReportMessage["written"][number][] = [];
    if (!this.#outputs.areNone)
      this.#eachRun(executed, (first, end) => this.#outputs.write(first, end, rest));
    return rest;
  }

  /** Calls for each run of neighbouring tasks. */
  #eachRun(executed: readonly Range[], work: (first: number, end: number) => void): void {
    const { order } = this.known;
    for (const [start, end] of executed) {
      if (order === undefined) {
        work(start, end);
        continue;
      }
      for (let position = start; position < end; position += 1) {
        const index = order[position] as number;
        work(index, index + 1);
      }
    }
  }

  #takeLog(): ReportMessage["log"] {
    if (this.#log === undefined) return null;
    // The last claim of a full log grows.
    const at = Math.max(0, this.#logged - 1);
    this.#logged = this.#meter[LOGGED] as number;
    return [at, this.#log.slice(at * LOG_WORDS, this.#logged * LOG_WORDS)];
  }
}

function unsentError(reason: unknown): Error {
  const why = isError(reason) ? `${reason.name}: ${reason.message}` : String(reason);
  return new Error(
    `Cannot return result from a kernel as a message must be able to carry it: writing it fails with ${why}`,
    { cause: reason },
  );
}
