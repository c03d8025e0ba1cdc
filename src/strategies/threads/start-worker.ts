/** Makes a worker of the pool, with its channel of rounds and its doorbell. */
import { newChannel } from "../../platform/builtins.js";
import type { Optimizations } from "../../platform/optimizations.js";
import { PoolWorker } from "../../platform/pool-worker.js";
import { CAN_TAKE } from "../../platform/ports.js";
import type { WorkerOptions } from "../../platform/worker-options.js";
import { BELL_BYTES, Doorbell } from "../../protocol/doorbell.js";
import type { KernelAddress, WorkerSetup } from "../../protocol/messages.js";
import { OutputMark } from "../../protocol/output-mark.js";
import { parallelism } from "../host-meter.js";

export interface StartOptions {
  readonly workers: WorkerOptions;
  readonly initializer: KernelAddress | null;
  readonly optimizations: Optimizations;
}

/** How workers are started and ended. */
export interface Control {
  /** @returns the worker's thread, once it runs. Rejects if that takes longer; the worker may be alive then */
  spawn(worker: PoolWorker, timeout: number): Promise<object>;
  /** Resolves when the thread's console output is here. Never resolves if the thread does not get to it. */
  flush(thread: object): Promise<void>;
  terminate(thread: object): Promise<void>;
}

export interface Started {
  readonly worker: PoolWorker;
  /** This thread's end of the channel of rounds. */
  readonly port: MessagePort;
  readonly bell: Doorbell;
  readonly output: OutputMark;
}

/**
 * @param onEnd called once, however the worker ends
 * @throws Error if no worker can be started, because threads, memory or permission are missing
 */
export function startWorker(
  { workers, initializer, optimizations }: StartOptions,
  onEnd: (exitCode: number, error: unknown) => void,
): Started {
  const bell = new SharedArrayBuffer(BELL_BYTES);
  // With a single CPU the calling thread would wait for a worker that only looks at its bell.
  const spins = optimizations.spin && parallelism() > 1;
  // A worker that is parked has to look at its port, too.
  const parks = optimizations.bell && CAN_TAKE;
  const output = new OutputMark();
  const setup: WorkerSetup = { initializer, bell, parks, spins };
  const { port1, port2 } = newChannel();
  try {
    const worker = new PoolWorker(workers, { port: port2, output: output.buffer, setup }, onEnd);
    return { worker, port: port1, bell: new Doorbell(bell), output };
  } catch (error) {
    // The other end closes with it.
    port1.close();
    throw error;
  }
}
