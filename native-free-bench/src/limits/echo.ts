/** Raw round trips to one worker: what any way of calling a worker costs at least. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Contestant, clock, type Field } from "../harness/contestant.js";

const ECHO = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (message) => parentPort.postMessage(message));`;

/** `postMessage` there and back. */
export function postMessageEcho(name = "postMessage round trip"): Field {
  const worker = new Worker(ECHO, { eval: true });
  // One listener for all calls: adding and removing one is not part of a round trip.
  let received: (() => void) | undefined;
  worker.on("message", () => received?.());
  const call = (): Promise<void> =>
    new Promise((resolve) => {
      received = resolve;
      worker.postMessage(1);
    });
  return { contestants: [clock(name, call)], close: () => worker.terminate() };
}

export const CLONED = "cloned to each worker";

/** The same payload by `postMessage` to each of some workers, until all have it. */
export function cloneEcho(count: number, payload: ArrayBufferView): Field {
  const source = `
    const { parentPort } = require("node:worker_threads");
    parentPort.on("message", ({ byteLength }) => parentPort.postMessage(byteLength));`;
  const workers = Array.from({ length: count }, () => new Worker(source, { eval: true }));
  const call = (): Promise<unknown> => {
    const answers = workers.map((worker) => once(worker, "message"));
    for (const worker of workers) worker.postMessage(payload);
    return Promise.all(answers);
  };
  const close = (): Promise<unknown> => Promise.all(workers.map((worker) => worker.terminate()));
  return { contestants: [clock(CLONED, call)], close };
}

const DOORBELL = `
  const { workerData } = require("node:worker_threads");
  const words = new Int32Array(workerData);
  for (let turn = 0; ; turn += 1) {
    Atomics.wait(words, 0, turn);
    if (words[0] < 0) break;
    Atomics.store(words, 1, turn + 1);
    Atomics.notify(words, 1);
  }`;

/** `Atomics.notify` to a worker in `Atomics.wait`, back by `Atomics.waitAsync`. */
export function atomicsEcho(): Field {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(DOORBELL, { eval: true, workerData: words.buffer });
  let turn = 0;
  const call = async (): Promise<void> => {
    const answered = Atomics.waitAsync(words, 1, turn);
    turn += 1;
    Atomics.store(words, 0, turn);
    Atomics.notify(words, 0);
    if (answered.async) await answered.value;
  };
  const contestant: Contestant = clock("Atomics round trip", call);
  const close = async (): Promise<void> => {
    const ended = once(worker, "exit");
    Atomics.store(words, 0, -1);
    Atomics.notify(words, 0);
    await ended;
  };
  return { contestants: [contestant], close };
}
