/**
 * How messages cross the stream between a process and its child: eight bytes that tell the lengths, the message, and its
 * values. They are read apart: of a message whose values can't be read it is known which they were.
 */
import { deserialize, serialize } from "../../platform/wire.js";

const HEADER_BYTES = 8;
const NONE = new Uint8Array(0);

/** @throws DataCloneError, RangeError where a value can't be carried */
export function frameOf(message: unknown, values?: unknown): Uint8Array {
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

/** Takes messages out of a stream. */
export class FrameReader {
  readonly #receive: (message: unknown, values: () => unknown) => void;
  #chunks: Uint8Array[] = [];
  #have = 0;
  #need = HEADER_BYTES;

  /** @param receive told of each message; `values` reads what comes with it, and throws where it can't be read */
  constructor(receive: (message: unknown, values: () => unknown) => void) {
    this.#receive = receive;
  }

  read(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) return;
    let bytes = this.#take();
    while (bytes.length >= this.#need) {
      const lengths = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
      const values = HEADER_BYTES + lengths.getUint32(0);
      const end = values + lengths.getUint32(4);
      this.#need = end;
      if (bytes.length < end) break;
      this.#need = HEADER_BYTES;
      const frame = bytes;
      bytes = bytes.subarray(end);
      this.#receive(deserialize(frame.subarray(HEADER_BYTES, values)), () => {
        return end === values ? undefined : deserialize(frame.subarray(values, end));
      });
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
