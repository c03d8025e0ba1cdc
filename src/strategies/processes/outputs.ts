/** The outputs of a round on their way through the transit file. */
import { isTypedArray, type TypedArray } from "../../memory/dtypes.js";
import { outputRange } from "../../protocol/job-spec.js";
import type { Job } from "../job.js";
import type { Range, ReportMessage } from "./messages.js";
import type { Transit } from "./transit.js";

// At 5 GB/s less than a millisecond.
const PIECE_BYTES = 4 * 1024 * 1024;

export class Outputs {
  /** Where each begins. */
  readonly places: readonly number[];
  readonly #job: Job;
  readonly #arrays: readonly TypedArray[];
  readonly #transit: Transit;

  constructor(job: Job, transit: Transit) {
    const { spec, arrays } = job.parts;
    this.#job = job;
    this.#transit = transit;
    this.#arrays = (spec.outputs?.arrays ?? []).map((place) => arrays[place]).filter(isTypedArray);
    this.places = this.#arrays.map(({ byteLength, byteOffset }) => transit.takeAside(byteLength, byteOffset));
  }

  /** No child writes there any more. */
  close(): void {
    for (const [i, { byteLength }] of this.#arrays.entries()) {
      this.#transit.give(this.places[i] as number, byteLength);
    }
  }

  /**
   * Copies what tasks have written.
   * @param order index of each position; `undefined` if it is the position
   * @param written what came with the report instead
   * @returns `undefined` if all is done
   */
  copy(
    ranges: readonly Range[],
    order: Uint32Array | undefined,
    written: ReportMessage["written"],
    pause: () => Promise<void> | undefined,
  ): Promise<void> | undefined {
    const pieces: Piece[] = [];
    for (const [start, end] of ranges) {
      if (order === undefined) this.#addPieces(pieces, start, end);
      else
        for (let at = start; at < end; at += 1)
          this.#addPieces(pieces, order[at] as number, (order[at] as number) + 1);
    }
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    if (bytes > PIECE_BYTES) return this.#copyLater(pieces, written, pause);
    for (const piece of pieces) this.#copyPiece(piece);
    this.#copyWritten(written);
    return undefined;
  }

  async #copyLater(
    pieces: readonly Piece[],
    written: ReportMessage["written"],
    pause: () => Promise<void> | undefined,
  ): Promise<void> {
    for (const piece of pieces) {
      const pausing = pause();
      if (pausing !== undefined) await pausing;
      this.#copyPiece(piece);
    }
    this.#copyWritten(written);
  }

  #addPieces(pieces: Piece[], first: number, end: number): void {
    const { spec, arrays } = this.#job.parts;
    for (const [i, { BYTES_PER_ELEMENT }] of this.#arrays.entries()) {
      const [from, to] = outputRange(spec, arrays, i, first, end);
      const last = to * BYTES_PER_ELEMENT;
      for (let start = from * BYTES_PER_ELEMENT; start < last; start += PIECE_BYTES) {
        pieces.push({ output: i, start, bytes: Math.min(PIECE_BYTES, last - start) });
      }
    }
  }

  #copyPiece({ output, start, bytes }: Piece): void {
    this.#transit.read(this.#bytesOf(output, start, bytes), (this.places[output] as number) + start);
  }

  /** This comes after the copy from the file, which has something else in these places. */
  #copyWritten(written: ReportMessage["written"]): void {
    for (const [output, start, bytes] of written) this.#bytesOf(output, start, bytes.length).set(bytes);
  }

  #bytesOf(output: number, start: number, bytes: number): Uint8Array {
    const { buffer, byteOffset } = this.#arrays[output] as TypedArray;
    return new Uint8Array(buffer, byteOffset + start, bytes);
  }
}

interface Piece {
  readonly output: number;
  readonly start: number;
  readonly bytes: number;
}
