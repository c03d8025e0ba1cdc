/** Message ports, for Node; `ports.browser.ts` is their twin. */
import { builtInModule } from "./built-in-module.js";

// Node's module is loaded at need, because that takes 5 ms.
let receive: typeof import("node:worker_threads").receiveMessageOnPort | undefined;

/** Whether a message can be taken without a turn of the event loop. */
export const CAN_TAKE = true;

/** Gets why a message can't be read. It has come, and is lost. */
export type OnUnreadable = (reason: unknown) => void;

/** What Node's ports have and the web's do not. */
interface NodePort {
  on(event: "message", listener: (message: never) => void): void;
  on(event: "messageerror", listener: OnUnreadable): void;
  unref(): void;
}

/**
 * Hears the messages of a worker's port, which does not keep the process alive. A message that needs more stack or memory than this
 * thread has cannot be read.
 */
export function listenTo(
  port: MessagePort,
  listener: (message: unknown) => void,
  onUnreadable: OnUnreadable,
): void {
  const nodePort = port as unknown as NodePort;
  nodePort.on("message", listener);
  nodePort.on("messageerror", onUnreadable);
  nodePort.unref();
}

/**
 * Takes the next message that has come and can be read, before listeners hear of it; `undefined` if there is none.
 */
export function take(port: MessagePort, onUnreadable: OnUnreadable): unknown {
  receive ??= builtInModule("node:worker_threads").receiveMessageOnPort;
  for (;;) {
    try {
      const received = receive(port as never);
      // No message of this package is `undefined`.
      if (received === undefined || received.message !== undefined) return received?.message;
    } catch (reason) {
      onUnreadable(reason);
    }
  }
}
