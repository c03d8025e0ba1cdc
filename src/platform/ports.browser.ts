/** Message ports, for browsers, which deliver messages in turns of the event loop only. The twin of `ports.ts`. */

export const CAN_TAKE = false;

export type OnUnreadable = (reason: unknown) => void;

/** Hears the messages of a worker's port. */
export function listenTo(
  port: MessagePort,
  listener: (message: unknown) => void,
  onUnreadable: OnUnreadable,
): void {
  port.onmessage = ({ data }) => listener(data);
  // Browsers do not say why.
  port.onmessageerror = () => onUnreadable(undefined);
}

/** Nothing waits in the port of a worker that has ended, because `PoolWorker` lets everything arrive first. */
export function take(_port: MessagePort, _onUnreadable: OnUnreadable): unknown {
  return undefined;
}
