/**
 * What people do without shared memory: a pool of workers, and the arrays sent to them with `postMessage`. Written as
 * well as it can be in few lines: workers are kept, each gets one message per round, results are transferred.
 */

import type { Slice } from "../messages.js";
import type { Values, Workload } from "../workloads/workload.js";
import type { CloneReply } from "./clone-worker.js";
import type { Ran, Way } from "./way.js";

export class CloneWay implements Way, Disposable {
  readonly #workload: Workload;
  readonly #count: number;
  #workers: Worker[] = [];

  constructor(workload: Workload, count: number) {
    this.#workload = workload;
    this.#count = count;
  }

  async start(): Promise<void> {
    this.#workers = Array.from({ length: this.#count }, () => {
      return new Worker(new URL("./clone-worker.ts", import.meta.url), { type: "module", name: "plain" });
    });
    await Promise.all(this.#workers.map((worker) => answerOf(worker)));
  }

  async round(signal: AbortSignal, onProgress: (share: number) => void): Promise<Ran> {
    const began = performance.now();
    const slices: Slice[] = [];
    const jobs = this.#workload.split(this.#count);
    let ended = 0;
    const replies: Promise<Values>[] = [];
    for (const [i, job] of jobs.entries()) {
      const reply = answerOf<CloneReply>(this.#workers[i]!, signal);
      const start = performance.now();
      this.#workers[i]!.postMessage(job);
      slices.push({ lane: 0, kind: "copy", start, end: performance.now() });
      replies.push(
        reply.then(({ value, arrived, unpacked, computed }) => {
          const lane = i + 1;
          const at = (time: number): number => time - performance.timeOrigin;
          slices.push({ lane, kind: "copy", start: at(arrived), end: at(unpacked) });
          slices.push({ lane, kind: "compute", start: at(unpacked), end: at(computed) });
          ended += 1;
          onProgress(ended / jobs.length);
          return value;
        }),
      );
    }
    const values = this.#workload.join(await Promise.all(replies));
    const end = performance.now();
    const bytesMoved = jobs.reduce((sum, job) => sum + bytesOf(job), 0);
    return { values, start: began, end, slices, bytesMoved, ranOn: `${jobs.length} plain workers` };
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

/** The worker's next message. */
function answerOf<M>(worker: Worker, signal?: AbortSignal): Promise<M> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`A plain worker failed: ${message}`));
  });
}

/** Bytes of the arrays anywhere in a message. */
function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + bytesOf(part), 0);
}
