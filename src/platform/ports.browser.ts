/** Message ports, for browsers, which deliver messages in turns of the event loop only; the twin of `ports.ts`. */

export const CAN_TAKE = false;

/** Hears the messages of a worker's port. */
export function listenTo<M>(port: MessagePort, listener: (message: M) => void): void {
  port.onmessage = ({ data }: MessageEvent<M>) => listener(data);
}

/** Nothing waits in the port of a worker that has ended: see `PoolWorker`. */
export function take<M>(_port: MessagePort): M | undefined {
  return undefined;
}
