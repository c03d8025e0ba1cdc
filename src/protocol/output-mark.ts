/** Tells whether a worker has written to the console. If not, the pool ends it without waiting for its output. */
export class OutputMark {
  readonly buffer: SharedArrayBuffer;
  readonly #bytes: Uint8Array;

  /** @param buffer another thread's */
  constructor(buffer = new SharedArrayBuffer(1)) {
    this.buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
  }

  set(): void {
    this.#bytes[0] = 1;
  }

  get isSet(): boolean {
    return this.#bytes[0] === 1;
  }
}
