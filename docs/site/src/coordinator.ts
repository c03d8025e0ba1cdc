/** The coordinator: the engine lives here, so that the page never waits for it. */

import type { Command, Report } from "./messages.js";
import { Session } from "./session.js";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Command>) => void;
  postMessage(message: Report, transfer?: Transferable[]): void;
};

const session = new Session((report, transfer) => scope.postMessage(report, transfer));
scope.onmessage = ({ data }) => session.receive(data);
