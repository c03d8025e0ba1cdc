/**
 * The coordinator's entry. It imports nothing but dynamically: what the session and the kernels have in common is a chunk
 * apart then, and the workers of the pool can load the kernels without the session.
 */

import type { Command, Report } from "./messages.js";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Command>) => void;
  postMessage(message: Report, transfer?: Transferable[]): void;
};

const started = Promise.all([import("./session.js"), import("./kernels.js")]).then(
  ([{ Session }, kernels]) => new Session(kernels, (report, transfer) => scope.postMessage(report, transfer)),
);
scope.onmessage = async ({ data }) => (await started).receive(data);
