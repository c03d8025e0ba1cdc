/** The client's side: asks to be served. */

import { ConnectionError, IsolationError } from "../errors.js";
import { clearTimeout, newChannel, setTimeout } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { whyNoThreads } from "../platform/runtime.js";
import { ClientConnection } from "./client-connection.js";
import { checkEndpoint, type Endpoint } from "./endpoint.js";
import {
  hello,
  isSameRelease,
  isWelcome,
  RELEASE,
  type Release,
  type Settings,
  type Welcome,
} from "./messages.js";
import { readOption } from "./options.js";
import { RemoteExecutor } from "./remote-executor.js";

export interface ConnectOptions {
  /** Milliseconds to wait for somebody who serves the endpoint; 10,000 by default. */
  readonly timeout?: number | undefined;
}

const TIMEOUT_MS = 10_000;

// Node's `Worker` drops what comes before anybody listens, so a client may have to ask again. An answer takes less than a millisecond
// unless the other thread is busy. Each further wait is twice as long.
const FIRST_WAIT_MS = 100;

/**
 * Connects to the executor that `serveExecutor` serves at the other end of `endpoint`.
 * @throws TypeError, ConfigurationError; IsolationError in a page that is not isolated; ConnectionError if nobody serves the endpoint,
 *   or another release of this package does
 */
export async function connectExecutor(
  endpoint: Pick<Endpoint, "postMessage">,
  options: ConnectOptions = {},
): Promise<RemoteExecutor> {
  checkEndpoint(endpoint, "connectExecutor", [["postMessage"]]);
  const why = whyNoThreads();
  if (why !== undefined) throw new IsolationError("connect to an executor", why);
  const timeout = readOption<number>(options, "connectExecutor", "timeout", "idleTimeout") ?? TIMEOUT_MS;
  const deadline = clock() + timeout;
  for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
    const left = deadline - clock();
    if (left <= 0) {
      throw new ConnectionError(
        "timeout",
        `Cannot connect to an executor as somebody must serve it at the other end within ${timeout} ms: ` +
          "call serveExecutor() there",
      );
    }
    const { port1: port, port2 } = newChannel();
    (endpoint as { postMessage(message: unknown, transfer: unknown[]): void }).postMessage(hello(port2), [
      port2,
    ]);
    const welcome = await firstMessage(port, Math.min(wait, left));
    if (welcome !== undefined)
      return new RemoteExecutor(new ClientConnection(port, settingsOf(welcome, port)));
    port.close();
  }
}

function settingsOf(welcome: Welcome, port: MessagePort): Settings {
  const { settings } = welcome;
  if (settings !== null && isSameRelease(welcome)) return settings;
  port.close();
  throw new ConnectionError(
    "version",
    `Cannot connect to the executor as both threads must have the same release of sharray: this one has ` +
      `${describe(RELEASE)}, the other one ${describe(welcome)}`,
  );
}

function describe({ version, protocol }: Release): string {
  return `${version} (bridge protocol ${protocol})`;
}

/** @returns `undefined` if no message came in time @throws ConnectionError if none can come any more */
function firstMessage(port: MessagePort, ms: number): Promise<Welcome | undefined> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      port.removeEventListener("message", onMessage);
      port.removeEventListener("close", onClose);
    };
    const onMessage = ({ data }: MessageEvent): void => {
      if (!isWelcome(data)) return;
      end();
      resolve(data);
    };
    const onClose = (): void => {
      end();
      reject(new ConnectionError("lost", "Cannot connect to an executor as the endpoint was closed"));
    };
    const timer = setTimeout(() => {
      end();
      resolve(undefined);
    }, ms);
    port.addEventListener("message", onMessage);
    port.addEventListener("close", onClose);
    port.start();
  });
}
