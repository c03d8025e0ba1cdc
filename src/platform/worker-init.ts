/** What a worker is given when it is made: in Node as its `workerData`, in browsers in answer to its first message. */
export interface WorkerInit {
  /** Its end of the channel of rounds: wake messages come in, reports go out. */
  readonly port: MessagePort;
  /** Of its `OutputMark`, of protocol/output-mark.ts. */
  readonly output: SharedArrayBuffer;
  /** How it serves: a `WorkerSetup` of protocol/messages.ts. */
  readonly setup: object;
}
