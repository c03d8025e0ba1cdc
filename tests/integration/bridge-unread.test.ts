/** Messages between a client and its host that cannot be read, and garbage on their ports. */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import { afterAll, describe, expect, test } from "vitest";
import { hello, RELEASE } from "../../src/bridge/messages.js";
import { program, runNode } from "./run.js";

interface Seen {
  readonly code?: string;
  readonly index?: number;
  readonly message?: string;
  readonly values?: readonly (readonly [number, unknown])[];
  readonly unfinished?: readonly number[];
  readonly others?: readonly number[];
  readonly seen?: readonly (readonly [number, unknown])[];
  readonly after: readonly number[];
}

const COUNT = 60;
const DEEP = 41;
const UNREAD = "Cannot read what the task returned or threw";
const below = (end: number) => Array.from({ length: end }, (_, i) => i);
const sound = (indices: readonly number[]) => indices.map((i) => [i, `sound ${i}`]);

describe.each(["threads", "sequential"])("a client with a small stack, its host on %s", (strategy) => {
  async function run(way: string): Promise<Seen> {
    const ended = await runNode(["--stack-size=150", program("unread-bridge.mjs"), strategy, way]);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
    const seen = JSON.parse(ended.stdout) as Seen;
    expect(seen.after).toEqual([COUNT, 4]);
    return seen;
  }

  test("learns which result it cannot read, and has all others", async () => {
    const { code, index, message, values, unfinished } = await run("one of many");
    expect({ code, index, unfinished }).toEqual({ code: "SHARRAY_KERNEL", index: DEEP, unfinished: [DEEP] });
    expect(message).toContain(UNREAD);
    expect(values).toHaveLength(COUNT - 1);
    expect([...(values ?? [])].sort(([a], [b]) => a - b)).toEqual(
      sound(below(COUNT).filter((i) => i !== DEEP)),
    );
  });

  test("learns of the first result if it can read none", async () => {
    expect(await run("all of them")).toMatchObject({ index: 0, values: [], unfinished: below(COUNT) });
  });

  test.each([
    ["behind one that throws", DEEP, UNREAD],
    ["before one that throws", 3, UNREAD],
  ])("learns of the first failure of all: %s", async (way, first, text) => {
    const { code, index, message } = await run(way);
    expect({ code, index }).toEqual({ code: "SHARRAY_KERNEL", index: first });
    expect(message).toContain(text);
  });

  test("has the results of its other calls", async () => {
    expect(await run("beside other calls")).toMatchObject({ index: DEEP, others: new Array(6).fill(COUNT) });
  });

  test("misses no result of a stream without being told", async () => {
    const { code, index, seen } = await run("of a stream");
    expect({ code, index }).toEqual({ code: "SHARRAY_KERNEL", index: DEEP });
    expect(seen?.some(([i]) => i === DEEP)).toBe(false);
    for (const [i, value] of seen ?? []) expect(value).toBe(`sound ${i}`);
    // Which one comes first is the workers' doing.
    expect(await run("all of a stream")).toMatchObject({ code: "SHARRAY_KERNEL", seen: [] });
  });
});

describe("garbage", () => {
  const executor = new ParallelExecutor({ maxWorkers: 1, strategy: "sequential" });
  afterAll(() => executor.shutdown());

  const nextMessage = (port: MessagePort) =>
    new Promise<never>((resolve) => void port.once("message", resolve));
  const GARBAGE = [
    undefined,
    null,
    0,
    "text",
    {},
    [],
    ["run"],
    ["run", 5],
    ["run", [1, false, 2, null, null, null, null, 0, false, null, false]],
    ["stream", null],
    ["cancel", 1, 7],
    ["forget", 3],
    ["again", {}],
    ["taken"],
    ["unread"],
  ];

  test("on the ports of a connection ends no host, and concerns no other client", async () => {
    const { port1, port2 } = new MessageChannel();
    const service = serveExecutor(executor, port1);
    const sound = await connectExecutor(port2);
    const { port1: control, port2: theirs } = new MessageChannel();
    port2.postMessage(hello(theirs as never), [theirs]);
    const { settings } = (await nextMessage(control)) as {
      readonly settings: { readonly port: MessagePort };
    };
    for (const garbage of GARBAGE) settings.port.postMessage(garbage);
    const asked = (message: object) => control.postMessage({ id: "1", ...message });
    for (const garbage of GARBAGE) control.postMessage(garbage);
    asked({ type: "SET", path: ["__proto__", "polluted"], value: { type: "RAW", value: "yes" } });
    asked({
      type: "SET",
      path: ["explain", "__proto__", "__proto__", "polluted"],
      value: { type: "RAW", value: "yes" },
    });
    asked({ type: "GET", path: ["constructor", "constructor"] });
    asked({
      type: "APPLY",
      path: ["constructor", "constructor"],
      argumentList: [{ type: "RAW", value: "0" }],
    });
    asked({ type: "APPLY", path: ["metrics"], argumentList: [{ type: "HANDLER", name: "proxy", value: 5 }] });
    asked({ type: "APPLY", path: ["metrics"], argumentList: 5 });
    asked({ type: "APPLY", path: 7, argumentList: [] });
    asked({ type: "ENDPOINT" });
    // Asked last, so that all of that was heard when it is answered.
    asked({ type: "APPLY", path: ["metrics"], argumentList: [], id: "last" });
    expect(await nextMessage(control)).toMatchObject({ id: "last", type: "RAW" });
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(await sound.map([1, 2], (x) => x + 1)).toEqual([2, 3]);
    sound.close();
    service.close();
    for (const port of [port1, control, settings.port]) port.close();
  });

  test("from a false host ends no client", async () => {
    const { port1, port2 } = new MessageChannel();
    const { port1: calls, port2: callsOfClient } = new MessageChannel();
    port1.on("message", ({ port }: { readonly port: MessagePort }) => {
      for (const garbage of GARBAGE) port.postMessage(garbage);
      const settings = { port: callsOfClient, calls: {}, maxSharedBytes: 2 ** 20, idleTimeout: 1000 };
      port.postMessage({ ...RELEASE, settings }, [callsOfClient]);
      for (const garbage of GARBAGE) port.postMessage(garbage);
    });
    const client = await connectExecutor(port2);
    const failed = client.map([1], (x) => x).catch((error: unknown) => error);
    for (const garbage of [...GARBAGE, ["done"], ["done", 1, true, 5, 6], ["known", { heard: 0 }]])
      calls.postMessage(garbage);
    expect(await failed).toBeInstanceOf(Error);
    client.close();
    port1.close();
    calls.close();
  });
});
