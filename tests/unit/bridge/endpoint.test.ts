import { describe, expect, it } from "vitest";
import { checkEndpoint, listen } from "../../../src/bridge/endpoint.js";

/** As the web has them: no `on`. */
function webPort(port: MessagePort) {
  return {
    postMessage: (message: unknown, transfer: unknown[]) =>
      port.postMessage(message, transfer as Transferable[]),
    addEventListener: port.addEventListener.bind(port),
    removeEventListener: port.removeEventListener.bind(port),
    start: () => port.start(),
  };
}

describe.each([
  ["Node's ports", (port: MessagePort) => port as never],
  ["ports of the web", webPort],
])("an endpoint: %s", (_, endpointOf) => {
  it("tells of messages and of its end, until nobody listens any more", async () => {
    const { port1, port2 } = new MessageChannel();
    const messages: unknown[] = [];
    const stop = new Promise<() => void>((resolve) => {
      const end = listen(
        endpointOf(port1),
        (data) => {
          messages.push(data);
          resolve(end);
        },
        () => {},
      );
    });
    port2.postMessage({ a: 1 });
    (await stop)();
    const ended = new Promise<void>((resolve) => {
      listen(endpointOf(port1), () => {}, resolve);
    });
    port2.postMessage("not heard");
    port2.close();
    await ended;
    expect(messages).toEqual([{ a: 1 }]);
  });
});

it("an object that is no endpoint is refused", () => {
  const methods = [
    ["on", "off"],
    ["addEventListener", "removeEventListener"],
  ];
  const { port1 } = new MessageChannel();
  expect(() => checkEndpoint(port1, "serveExecutor", methods)).not.toThrow();
  port1.close();
  for (const wrong of [undefined, null, 3, {}, { on: 1, off: 2 }, { addEventListener: () => {} }]) {
    expect(() => checkEndpoint(wrong, "serveExecutor", methods)).toThrow(
      /^Cannot call serveExecutor\(\) as the endpoint must be a Worker, .*: current value is /,
    );
  }
});
