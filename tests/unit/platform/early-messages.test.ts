import { describe, expect, it } from "vitest";
import { EarlyMessages } from "../../../src/platform/early-messages.js";

describe("early messages of a worker", () => {
  it("keeps what came before anyone listened, and tells everyone the rest", async () => {
    const early = new EarlyMessages();
    const heard: unknown[] = [];
    const first = ({ data }: { data: unknown }): void => void heard.push(["first", data]);
    early.receive(1);
    early.receive(2);
    early.add(first);
    early.add(({ data }) => heard.push(["second", data]));
    await Promise.resolve();
    early.receive(3);
    early.remove(first);
    early.end();
    const init = { type: "init", exposed: { type: "module", methods: ["flush"] } };
    expect(heard).toEqual([
      ["first", 1],
      ["first", 2],
      ["first", 3],
      ["second", 3],
      ["second", init],
    ]);
  });
});
