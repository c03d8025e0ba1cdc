import { clock } from "../../../platform/clock.js";
import { isError } from "../../../platform/realms.js";
import { readDescriptor, unpackPlaces } from "../../../protocol/descriptor.js";
import { JobBlock } from "../../../protocol/job-block.js";
import { AT, LOG_WORDS, LOGGED, METER_WORDS } from "../../../protocol/meter.js";
import { HEAVY, ResultCopier, type ResultCopy } from "../../../protocol/result-copy.js";
import { ResultTable } from "../../../protocol/result-table.js";
import { packThrown, type Thrown } from "../../../protocol/thrown.js";
import { AbortCheck } from "../../../tasks/abort-check.js";
import { bindTasks } from "../../../tasks/bind-tasks.js";
import { type ResultSink, TaskLoop } from "../../../tasks/task-loop.js";
import { assertIntact } from "../../threads/worker/self-check.js";
import type { LoadedKernel } from "../../threads/worker/worker-kernels.js";
import type { JoinMessage, Range, ReportMessage } from "../messages.js";
import type { ChildMemory } from "./child-memory.js";
import { ChildWords } from "./child-words.js";
import { GrantedTasks } from "./granted-tasks.js";
import { InputsBefore } from "./inputs-before.js";
import { WrittenOutputs } from "./written-outputs.js";

// A message costs some 30 µs on both sides, however little it carries.
const GATHER_MS = 2;

/** Sends a message, with values beside it. @throws where the values can't be carried */
export type Send = (message: ReportMessage, values?: readonly unknown[]) => void;

export class ChildRound implements ResultSink {
  readonly round: number;
  readonly run: TaskLoop;
  /** Its number. */
  readonly kernel: number;
  /** Its alone. */
  readonly ownMemory: readonly number[];
  readonly mayReuse: boolean;
  readonly control: GrantedTasks;
  readonly inputs: InputsBefore;
  readonly #send: Send;
  readonly #outputs: WrittenOutputs;
  readonly #order: Uint32Array | undefined;
  readonly #results: ResultTable | undefined;
  readonly #isEager: boolean;
  readonly #meter = new Float64Array(METER_WORDS);
  readonly #log: Float64Array | undefined;
  readonly #words: ChildWords;
  #indices: number[] = [];
  #values: unknown[] = [];
  #failures: (readonly [number, Thrown])[] = [];
  #weight = 0;
  #sent = clock();
  #logged = 0;

  constructor(message: JoinMessage, memory: ChildMemory, kernel: LoadedKernel, send: Send) {
    const { round, order, words, outputs, own, ranges, mayReuse } = message;
    const descriptor = readDescriptor(message.descriptor);
    const { packing, places, block, stream, slots, grows, logged, tasks } = descriptor;
    const arrays = unpackPlaces(places, (id) => memory.get(id));
    // What the parent's memory holds says nothing of this process's.
    const clearOutputs = own.some(([id]) => !memory.isFresh(id));
    const spec = { ...descriptor.spec, clearOutputs };
    const { items, results } = new JobBlock(memory.get(block), spec.tasks, packing);
    results.reset();
    this.round = round;
    this.kernel = descriptor.kernel;
    this.ownMemory = own.map(([id]) => id);
    this.mayReuse = mayReuse;
    this.#send = send;
    this.#outputs = new WrittenOutputs(spec, arrays, outputs);
    this.inputs = new InputsBefore(arrays, spec.outputs?.arrays ?? [], message.verifies);
    this.#order = order ?? undefined;
    this.#results = slots ? results : undefined;
    // After a loss nothing gathers for long: the next child may be lost as well.
    this.#isEager = stream || order !== null || spec.single === true;
    this.#log = logged === 0 ? undefined : new Float64Array(logged * LOG_WORDS);
    this.#words = new ChildWords(words);
    this.control = new GrantedTasks(tasks, () => this.#words.read());
    this.control.grant(ranges);
    const { mend, mendsEach } = kernel;
    const look = (): number => this.#words.read().limit;
    const aborts = new AbortCheck(
      {
        get limit() {
          return look();
        },
      },
      this.#meter,
      spec.single === true,
    );
    const bound = bindTasks(spec, arrays, items, kernel.fn, aborts.aborted);
    this.run = new TaskLoop({
      run: (index) => {
        if (mend !== undefined && mendsEach) mend();
        this.#words.begin(this.#meter[AT] as number);
        return bound.run(index);
      },
      wanted: aborts,
      control: this.control,
      results,
      departure: new ResultCopier(kernel.stateful, bound.borrowed, Infinity),
      outbox: this,
      tasks,
      order: this.#order,
      meter: this.#meter,
      log: this.#log,
      workers: 1,
      slots,
      gated: true,
      grows,
      mend,
    });
  }

  value(index: number, { value, weight }: ResultCopy): void {
    // What can't be read costs the values of one message.
    if (this.#weight + weight > HEAVY) this.flush();
    this.#weight += weight;
    this.#indices.push(index);
    this.#values.push(value);
  }

  /** @throws Error where this process is of no use any more: then it is to blame, perhaps, and not the task */
  failure(index: number, thrown: Thrown): void {
    assertIntact();
    this.#failures.push([index, thrown]);
  }

  claimEnded(): void {
    // With nothing to do it waits for more.
    const isDue = this.control.claimable === 0 || this.#isEager || this.#failures.length > 0;
    if (isDue || this.#weight >= HEAVY || clock() - this.#sent >= GATHER_MS) this.flush();
  }

  /** The parent asks for tasks, perhaps while one is awaited. */
  look(): void {
    this.control.obey();
    if (this.control.hasReturned) this.flush();
  }

  /** It is at none of the round's tasks now. */
  pause(): void {
    this.#words.pause();
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
      round: this.round,
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

  /** A result table of their own. */
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
    const order = this.#order;
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
