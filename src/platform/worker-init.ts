/** What a worker is given when it is made. In Node that is its `workerData`, in browsers the answer to its first message. */
export interface WorkerInit {
  /** The worker's end of the channel of rounds. Wake messages come in, reports go out. */
  readonly port: MessagePort;
  /** Memory of its `OutputMark` (protocol/output-mark.ts). */
  readonly output: SharedArrayBuffer;
  /** How the worker serves: a `WorkerSetup` (protocol/messages.ts). */
  readonly setup: object;
}
