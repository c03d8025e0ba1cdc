/** What a client knows of the handles that its host has of the client's memory. */

import type { HandleHolders } from "../memory/mapped-memory.js";
import { queueMicrotask } from "../platform/builtins.js";
import type { CallPacker } from "./call-packer.js";
import type { ToHost } from "./messages.js";

export class HostMemory implements HandleHolders {
  readonly #packer: CallPacker;
  readonly #send: (message: ToHost) => void;
  readonly #onUnheld: (memory: number) => void;
  /** Memory that the host is told of with the next message. */
  #untold: number[] = [];
  /** Memory that the host was told of, and that may not be gone there yet. */
  readonly #told = new Set<number>();
  #collecting: Promise<void> | undefined;
  #endCollecting = (): void => {};
  #hasEnded = false;

  /** @param onUnheld called when the host and its workers can't reach a memory any more */
  constructor(packer: CallPacker, send: (message: ToHost) => void, onUnheld: (memory: number) => void) {
    this.#packer = packer;
    this.#send = send;
    this.#onUnheld = onUnheld;
  }

  forget(memory: number): boolean {
    if (!this.#packer.forget(memory) || this.#hasEnded) return false;
    this.#untold.push(memory);
    if (this.#untold.length === 1) queueMicrotask(() => this.#tell());
    return true;
  }

  collect(): Promise<void> {
    this.#tell();
    if (this.#hasEnded || this.#told.size === 0) return Promise.resolve();
    if (this.#collecting === undefined) {
      this.#collecting = new Promise((resolve) => {
        this.#endCollecting = resolve;
      });
      this.#send(["collect", [...this.#told]]);
    }
    return this.#collecting;
  }

  /** The host has collected its garbage, and with it this memory. */
  collected(gone: readonly number[]): void {
    for (const memory of gone) {
      this.#told.delete(memory);
      this.#onUnheld(memory);
    }
    this.#collecting = undefined;
    this.#endCollecting();
  }

  /** The connection has ended. */
  end(): void {
    this.#hasEnded = true;
    this.collected([...this.#told, ...this.#untold]);
    this.#untold = [];
  }

  #tell(): void {
    const untold = this.#untold;
    this.#untold = [];
    if (this.#hasEnded || untold.length === 0) return;
    for (const memory of untold) this.#told.add(memory);
    this.#send(["forget", untold]);
  }
}
