/** A plain worker: one message in, with its arrays cloned; one message out, with its result transferred. */

import { type CloneJob, runJob } from "./clone-jobs.js";

/** When things happened, on the clock of all threads. */
export interface CloneReply {
  readonly value: Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
  readonly arrived: number;
  /** The message's arrays are read when `data` is first looked at. */
  readonly unpacked: number;
  readonly computed: number;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<CloneJob>) => void;
  postMessage(message: CloneReply | "ready", transfer?: Transferable[]): void;
};
const now = (): number => performance.timeOrigin + performance.now();

scope.onmessage = (event) => {
  const arrived = now();
  const job = event.data;
  const unpacked = now();
  const value = runJob(job);
  scope.postMessage({ value, arrived, unpacked, computed: now() }, [value.buffer]);
};
scope.postMessage("ready");
