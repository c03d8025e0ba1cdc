/**
 * The messages of a short round as numbers and bytes. The serializer takes 10 to 15 µs for one of them on either side. The rest
 * of such a round takes as long (Node 20).
 */
import { METER_WORDS } from "../../protocol/meter.js";
import type { FromChild, Piece, Range, ReportMessage, ToChild } from "./messages.js";

const AGAIN = 1;
const GRANT = 2;
const REPORT = 3;
/** Stands in the place of a length if there is no list. */
const NONE = -1;
const NO_BYTES: readonly Uint8Array[] = [];

/** Numbers, then bytes. Numbers that tell a length come before what has it. */
export interface ShortForm {
  readonly numbers: readonly number[];
  readonly bytes: readonly Uint8Array[];
}

/** @returns `undefined` if the message has something that only the serializer can carry */
export function shorten(message: ToChild | FromChild): ShortForm | undefined {
  switch (message.type) {
    case "again":
      return shortenAgain(message.round, message.ranges, message.outputs, message.pieces);
    case "grant":
      return { numbers: [GRANT, message.round, ...listed(message.ranges.flat())], bytes: NO_BYTES };
    case "report":
      return shortenReport(message);
    default:
      return undefined;
  }
}

function shortenAgain(
  round: number,
  ranges: readonly Range[],
  outputs: readonly number[] | null,
  pieces: readonly Piece[],
): ShortForm {
  const numbers = [AGAIN, round, ...listed(ranges.flat()), ...listed(outputs), pieces.length];
  for (const { memory, isOwn, size, at, bytes } of pieces)
    numbers.push(memory, isOwn ? 1 : 0, size, at, bytes.length);
  return { numbers, bytes: pieces.map(({ bytes }) => bytes) };
}

function shortenReport(message: ReportMessage): ShortForm | undefined {
  const { round, executed, results, written, indices, failures, meter, log, returned } = message;
  if (written.length > 0 || indices.length > 0 || failures.length > 0 || log !== null) return undefined;
  const numbers = [REPORT, round, executed, ...listed(returned.flat()), ...meter, results?.length ?? NONE];
  return { numbers, bytes: results === null ? NO_BYTES : [results] };
}

/** A list behind its length. */
function listed(list: readonly number[] | null): number[] {
  return list === null ? [NONE] : [list.length, ...list];
}

/** @param bytes views of memory that nobody else uses */
export function lengthen(numbers: Float64Array, bytes: Uint8Array): ToChild | FromChild {
  const form = new FormReader(numbers, bytes);
  const kind = form.next();
  const round = form.next();
  if (kind === GRANT) return { type: "grant", round, ranges: form.ranges() };
  if (kind === AGAIN) {
    const ranges = form.ranges();
    const outputs = form.list();
    const pieces: Piece[] = [];
    for (let left = form.next(); left > 0; left -= 1) {
      const [memory, isOwn, size, at] = [form.next(), form.next() === 1, form.next(), form.next()];
      pieces.push({ memory, isOwn, size, at, bytes: form.bytes(form.next()) });
    }
    return { type: "again", round, ranges, outputs, pieces };
  }
  const executed = form.next();
  const returned = form.ranges();
  const meter = form.take(METER_WORDS);
  const length = form.next();
  return {
    type: "report",
    round,
    executed,
    results: length === NONE ? null : form.bytes(length),
    written: [],
    indices: [],
    failures: [],
    meter,
    log: null,
    returned,
  };
}

class FormReader {
  readonly #numbers: Float64Array;
  readonly #bytes: Uint8Array;
  #at = 0;
  #bytesAt = 0;

  constructor(numbers: Float64Array, bytes: Uint8Array) {
    this.#numbers = numbers;
    this.#bytes = bytes;
  }

  next(): number {
    this.#at += 1;
    return this.#numbers[this.#at - 1] as number;
  }

  take(count: number): Float64Array {
    this.#at += count;
    return this.#numbers.subarray(this.#at - count, this.#at);
  }

  list(): number[] | null {
    const count = this.next();
    return count === NONE ? null : [...this.take(count)];
  }

  ranges(): Range[] {
    const ranges: Range[] = [];
    for (let left = this.next(); left > 0; left -= 2) ranges.push([this.next(), this.next()]);
    return ranges;
  }

  bytes(count: number): Uint8Array {
    this.#bytesAt += count;
    return this.#bytes.subarray(this.#bytesAt - count, this.#bytesAt);
  }
}
