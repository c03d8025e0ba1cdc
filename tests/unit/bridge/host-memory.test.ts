import { describe, expect, it } from "vitest";
import type { CallPacker } from "../../../src/bridge/call-packer.js";
import { HostMemory } from "../../../src/bridge/host-memory.js";
import type { ToHost } from "../../../src/bridge/messages.js";

function setUp(known: readonly number[]) {
  const sent: ToHost[] = [];
  const unheld: number[] = [];
  const packer = { forget: (memory: number) => known.includes(memory) } as CallPacker;
  const hostMemory = new HostMemory(
    packer,
    (message) => sent.push(message),
    (memory) => unheld.push(memory),
  );
  return { hostMemory, sent, unheld };
}

describe("the host's handles of a client's memory", () => {
  it("are told to go in one message, if the host has them", async () => {
    const { hostMemory, sent } = setUp([1, 2]);
    expect([hostMemory.forget(1), hostMemory.forget(2), hostMemory.forget(3)]).toEqual([true, true, false]);
    expect(sent).toEqual([]);
    await Promise.resolve();
    expect(sent).toEqual([["forget", [1, 2]]]);
  });

  it("are gone when the host says so, which a collection waits for", async () => {
    const { hostMemory, sent, unheld } = setUp([1, 2]);
    await hostMemory.collect();
    expect(sent).toEqual([]);
    hostMemory.forget(1);
    const collecting = hostMemory.collect();
    expect(hostMemory.collect()).toBe(collecting);
    expect(sent).toEqual([
      ["forget", [1]],
      ["collect", [1]],
    ]);
    hostMemory.collected([1]);
    await collecting;
    expect(unheld).toEqual([1]);
  });

  it("are all gone with the connection", async () => {
    const { hostMemory, sent, unheld } = setUp([1, 2]);
    hostMemory.forget(1);
    await Promise.resolve();
    const collecting = hostMemory.collect();
    hostMemory.forget(2);
    hostMemory.end();
    await collecting;
    expect(unheld).toEqual([1, 2]);
    expect(hostMemory.forget(1)).toBe(false);
    await hostMemory.collect();
    expect(sent).toEqual([
      ["forget", [1]],
      ["collect", [1]],
    ]);
  });
});
