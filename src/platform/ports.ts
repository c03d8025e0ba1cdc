/** Message ports, for Node; `ports.browser.ts` is their twin. */
import { receiveMessageOnPort } from "node:worker_threads";

/** Can a message be taken without a turn of the event loop? */
export const CAN_TAKE = true;

/** The part of Node's ports that the web's do not have. */
interface NodePort {
  on(event: "message", listener: (message: never) => void): void;
  unref(): void;
}

/** Hears the messages of a worker's port, which does not keep the process alive. */
export function listenTo<M>(port: MessagePort, listener: (message: M) => void): void {
  const nodePort = port as unknown as NodePort;
  nodePort.on("message", listener);
  nodePort.unref();
}

/** Takes the next message that has come, before listeners hear of it; undefined: there is none. A look takes 0.1 µs. */
export function take<M>(port: MessagePort): M | undefined {
  return receiveMessageOnPort(port as never)?.message as M | undefined;
}
