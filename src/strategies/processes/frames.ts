/**
 * How messages cross the stream between a process and its child: eight bytes that tell the lengths, the message, and its
 * values. They are read apart. So if values can't be read, the message still tells which values they were.
 */
import { deserialize, serialize } from "../../platform/wire.js";
import type { FromChild, ToChild } from "./messages.js";
import { lengthen, type ShortForm, shorten } from "./short-frames.js";

const HEADER_BYTES = 8;
/** Stands in the place of a message's length. The short form of the message follows, behind the count of its numbers. */
const SHORT = 0;
const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
const NONE = new Uint8Array(0);

/** @throws DataCloneError, RangeError if a value can't be carried */
export function frameOf(message: ToChild | FromChild, values?: unknown): Uint8Array {
  const short = values === undefined ? shorten(message) : undefined;
  if (short !== undefined) return shortFrame(short);
  const head = serialize(message);
  const body = values === undefined ? NONE : serialize(values);
  const frame = new Uint8Array(HEADER_BYTES + head.length + body.length);
  const lengths = new DataView(frame.buffer);
  lengths.setUint32(0, head.length);
  lengths.setUint32(4, body.length);
  frame.set(head, HEADER_BYTES);
  frame.set(body, HEADER_BYTES + head.length);
  return frame;
}

function shortFrame({ numbers, bytes }: ShortForm): Uint8Array {
  let length = NUMBER_BYTES * (1 + numbers.length);
  for (const each of bytes) length += each.length;
  const frame = new Uint8Array(HEADER_BYTES + length);
  const lengths = new DataView(frame.buffer);
  lengths.setUint32(0, SHORT);
  lengths.setUint32(4, length);
  const own = new Float64Array(frame.buffer, HEADER_BYTES, 1 + numbers.length);
  own[0] = numbers.length;
  for (let i = 0; i < numbers.length; i += 1) own[i + 1] = numbers[i] as number;
  let at = HEADER_BYTES + own.byteLength;
  for (const each of bytes) {
    frame.set(each, at);
    at += each.length;
  }
  return frame;
}

function readShort(body: Uint8Array): ToChild | FromChild {
  // 64-bit floats must be aligned, and the values that came with it stay in use.
  const { buffer } = new Uint8Array(body);
  const [count] = new Float64Array(buffer, 0, 1) as unknown as [number];
  const end = NUMBER_BYTES * (1 + count);
  return lengthen(new Float64Array(buffer, NUMBER_BYTES, count), new Uint8Array(buffer, end));
}

const none = (): undefined => undefined;

/** Takes messages out of a stream. */
export class FrameReader {
  readonly #receive: (message: ToChild | FromChild, values: () => unknown) => void;
  #chunks: Uint8Array[] = [];
  #have = 0;
  #need = HEADER_BYTES;

  /** @param receive told of each message; `values` reads what comes with it, and throws if it can't be read */
  constructor(receive: (message: ToChild | FromChild, values: () => unknown) => void) {
    this.#receive = receive;
  }

  read(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) return;
    let bytes = this.#take();
    while (bytes.length >= this.#need) {
      const lengths = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
      const headLength = lengths.getUint32(0);
      const values = HEADER_BYTES + headLength;
      const end = values + lengths.getUint32(4);
      this.#need = end;
      if (bytes.length < end) break;
      this.#need = HEADER_BYTES;
      const frame = bytes;
      bytes = bytes.subarray(end);
      if (headLength === SHORT) {
        this.#receive(readShort(frame.subarray(values, end)), none);
        continue;
      }
      const message = deserialize(frame.subarray(HEADER_BYTES, values)) as ToChild | FromChild;
      this.#receive(message, () => (end === values ? undefined : deserialize(frame.subarray(values, end))));
    }
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.#have = bytes.length;
  }

  #take(): Uint8Array {
    const chunks = this.#chunks;
    this.#chunks = [];
    if (chunks.length === 1) return chunks[0] as Uint8Array;
    const whole = new Uint8Array(this.#have);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}
