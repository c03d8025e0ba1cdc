/**
 * The result table: one byte and one slot of 8 bytes for each task. The thread that ran the task writes them. The byte says
 * that the task has ended, and what the slot holds.
 */
import { clearBytes } from "../platform/bytes.js";
import type { Values } from "./received.js";

/** The task has not ended. */
const PENDING = 0;
const NUMBER = 1;
const UNDEFINED = 2;
const NULL = 3;
const FALSE = 4;
const TRUE = 5;
/** A bigint that fits 64 signed bits. */
const BIGINT = 6;
/** The value goes by message, or the task failed and its error does. */
const ELSEWHERE = 7;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

export class ResultTable {
  readonly #kinds: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #bigints: BigInt64Array;

  /**
   * @param slots one 64-bit slot per task
   * @param kinds one byte per task, all zero before the first task starts
   */
  constructor(slots: Float64Array, kinds: Uint8Array) {
    this.#kinds = kinds;
    this.#numbers = slots;
    this.#bigints = new BigInt64Array(slots.buffer, slots.byteOffset, slots.length);
  }

  /** Bytes of a table of `tasks` tasks that is one piece. */
  static bytesFor(tasks: number): number {
    return tasks * (Float64Array.BYTES_PER_ELEMENT + 1);
  }

  /** @param bytes at a multiple of eight in their buffer, all zero or from such a table */
  static over({ buffer, byteOffset }: Uint8Array, tasks: number): ResultTable {
    return new ResultTable(
      new Float64Array(buffer, byteOffset, tasks),
      new Uint8Array(buffer, byteOffset + tasks * Float64Array.BYTES_PER_ELEMENT, tasks),
    );
  }

  /** Copies `count` tasks of another table, from `first` on, to its own from `at` on. Bit for bit. */
  copyFrom(other: ResultTable, first: number, at: number, count: number): void {
    this.#numbers.set(other.#numbers.subarray(first, first + count), at);
    this.#kinds.set(other.#kinds.subarray(first, first + count), at);
  }

  /** Writes a value that fits a slot. @returns false if the value must go by message */
  write(index: number, value: unknown): boolean {
    if (typeof value === "number") {
      this.#numbers[index] = value;
      this.#kinds[index] = NUMBER;
      return true;
    }
    switch (value) {
      case undefined:
        this.#kinds[index] = UNDEFINED;
        return true;
      case null:
        this.#kinds[index] = NULL;
        return true;
      case false:
        this.#kinds[index] = FALSE;
        return true;
      case true:
        this.#kinds[index] = TRUE;
        return true;
    }
    if (typeof value === "bigint" && value >= INT64_MIN && value <= INT64_MAX) {
      this.#bigints[index] = value;
      this.#kinds[index] = BIGINT;
      return true;
    }
    return false;
  }

  /** Notes that the task has ended, and that its value or error goes by message. */
  markElsewhere(index: number): void {
    this.#kinds[index] = ELSEWHERE;
  }

  /** Forgets everything, for another job. */
  reset(): void {
    // PENDING is zero.
    clearBytes(this.#kinds);
  }

  /** Each task has the value 0 from the start. */
  beginAtZero(): void {
    this.#numbers.fill(0);
    this.#kinds.fill(NUMBER);
  }

  /** The number that the task has written last, even if it has failed since. */
  numberAt(index: number): number {
    return this.#numbers[index] as number;
  }

  /** Forgets a task's end, so that it runs again. */
  clear(index: number): void {
    this.#kinds[index] = PENDING;
  }

  /** Whether the task's value or error goes by message. */
  isElsewhere(index: number): boolean {
    return this.#kinds[index] === ELSEWHERE;
  }

  /** Whether the task has not ended yet. */
  isPending(index: number): boolean {
    return this.#kinds[index] === PENDING;
  }

  /** The number of tasks. */
  get length(): number {
    return this.#kinds.length;
  }

  /** The same on memory of its own. */
  copy(): ResultTable {
    return new ResultTable(this.#numbers.slice(), this.#kinds.slice());
  }

  /** The value of a task that has ended. @param received the values that came by message */
  valueAt(index: number, received: Values): unknown {
    switch (this.#kinds[index]) {
      case NUMBER:
        return this.#numbers[index];
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case BIGINT:
        return this.#bigints[index];
      case ELSEWHERE:
        return received.get(index);
      default:
        return undefined;
    }
  }

  /** All values in task order. */
  collect(received: Values): unknown[] {
    if (this.#areNumbers()) return toNumbers(this.#numbers);
    const values: unknown[] = [];
    for (let i = 0; i < this.#kinds.length; i++) values.push(this.valueAt(i, received));
    return values;
  }

  #areNumbers(): boolean {
    const kinds = this.#kinds;
    // A plain loop: `every` takes ten times as long.
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== NUMBER) return false;
    return true;
  }
}

// V8 makes longer lists hash tables.
const LARGEST_PRESIZED = 2 ** 24;
// Setting the length takes as long as this many numbers.
const FEW = 8;

/**
 * The numbers as a list. From the start it has its final length and holds floating-point numbers. That takes a third of the
 * time and half of the memory of any other way (docs/decisions/0011).
 */
export function toNumbers(numbers: ArrayLike<number>): number[] {
  const { length } = numbers;
  const values = length <= FEW ? [] : [0.5];
  if (length > FEW) values.length = length <= LARGEST_PRESIZED ? length : 0;
  for (let i = 0; i < length; i++) values[i] = numbers[i] as number;
  return values;
}
