/** The outputs that tasks of a child have written, on their way to the parent. */
import type { TypedArray } from "../../../memory/dtypes.js";
import { TRANSIT_FD, writeBytes } from "../../../platform/transit-file.js";
import { type JobSpec, outputRange } from "../../../protocol/job-spec.js";
import type { ReportMessage } from "../messages.js";

// Node 20 makes no array of more than 4 GiB of bytes, and a message has no more.
const PIECE_BYTES = 2 ** 28;

export class WrittenOutputs {
  readonly #spec: JobSpec;
  readonly #arrays: readonly TypedArray[];
  readonly #outputs: readonly TypedArray[];
  readonly #places: readonly number[] | null;

  /** @param places where each begins in the transit file; `null` if nothing goes there */
  constructor(spec: JobSpec, arrays: readonly TypedArray[], places: readonly number[] | null) {
    this.#spec = spec;
    this.#arrays = arrays;
    this.#outputs = (spec.outputs?.arrays ?? []).map((place) => arrays[place] as TypedArray);
    this.#places = places;
  }

  get areNone(): boolean {
    return this.#outputs.length === 0;
  }

  /** Writes what neighbouring tasks have written. @param rest takes what the file has no room for */
  write(first: number, end: number, rest: ReportMessage["written"][number][]): void {
    for (const [i, output] of this.#outputs.entries()) {
      const [from, to] = outputRange(this.#spec, this.#arrays, i, first, end);
      const { buffer, byteOffset, byteLength } = output.subarray(from, to);
      const start = from * output.BYTES_PER_ELEMENT;
      for (let at = 0; at < byteLength; at += PIECE_BYTES) {
        const piece = new Uint8Array(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at));
        const place = this.#places?.[i];
        const isThere = place !== undefined && writeBytes(TRANSIT_FD, piece, place + start + at);
        if (!isThere) rest.push([i, start + at, piece.slice()]);
      }
    }
  }
}
