import { expect, it } from "vitest";
import { guarded } from "../../../src/bridge/guarded.js";

/** What a listener hears through the guard of the messages that are posted. */
async function heard(messages: readonly unknown[]): Promise<unknown[]> {
  const { port1, port2 } = new MessageChannel();
  const guard = guarded(port1, ["metrics"]);
  const seen: unknown[] = [];
  const listener = (event: Event): void => void seen.push((event as MessageEvent).data);
  guard.addEventListener("message", listener as never);
  const all = new Promise<void>((resolve) => {
    port1.addEventListener("message", ({ data }) => {
      if (data === "last") resolve();
    });
  });
  guard.start?.();
  for (const message of [...messages, "last"]) port2.postMessage(message);
  await all;
  guard.removeEventListener("message", listener as never);
  port1.close();
  return seen;
}

const call = { id: "1", type: "APPLY", path: ["metrics"], argumentList: [{ type: "RAW", value: 1 }] };

it("a guarded port lets calls of the methods pass, and the goodbye", async () => {
  const goodbye = { id: "2", type: "RELEASE" };
  expect(await heard([call, goodbye])).toEqual([call, goodbye]);
});

it("a guarded port keeps all other messages from Comlink", async () => {
  const attacks: unknown[] = [
    null,
    7,
    { ...call, id: 1 },
    { ...call, type: "GET" },
    { ...call, type: "SET" },
    { ...call, type: "CONSTRUCT" },
    { ...call, path: ["__proto__"] },
    { ...call, path: ["metrics", "constructor"] },
    { ...call, path: "metrics" },
    { ...call, argumentList: undefined },
    { ...call, argumentList: [{ type: "HANDLER", name: "throw", value: {} }] },
    { ...call, argumentList: [null] },
    { id: "2", type: "RELEASE", path: [] },
  ];
  expect(await heard(attacks)).toEqual([]);
});
