/** Connections of `sharray/bridge`: how they begin, and that nothing stays of them, whichever side ends first. */
import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import {
  ConnectionError,
  ExecutorClosedError,
  MemoryLimitError,
  ParallelExecutor,
  WorkerLostError,
} from "sharray";
import { connectExecutor, type RemoteExecutor, serveExecutor } from "sharray/bridge";
import { afterAll, describe, expect, test } from "vitest";
import { RELEASE } from "../../src/bridge/messages.js";
import { runClient, startClient, until } from "./bridge.js";
import { facts, program, runNode } from "./run.js";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
afterAll(() => executor.shutdown());

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "no error",
    (error: unknown) => error,
  );
}

describe("connecting", () => {
  test("is counted, and any number of clients may use one endpoint", async () => {
    const { port1, port2 } = new MessageChannel();
    const service = serveExecutor(executor, port1);
    const clients = await Promise.all([1, 2, 3].map(() => connectExecutor(port2)));
    expect(service.connections).toBe(3);
    const sums = await Promise.all(clients.map((client, i) => client.map([i], (x) => x + 1)));
    expect(sums).toEqual([[1], [2], [3]]);
    clients[0]?.close();
    clients[1]?.[Symbol.dispose]();
    await until(() => service.connections === 1, "Two clients have gone");
    expect(await clients[2]?.map([5], (x) => x)).toEqual([5]);
    service.close();
    expect(service.connections).toBe(0);
    port1.close();
  });

  test("to another release is refused by the client, which names both", async () => {
    const { port1, port2 } = new MessageChannel();
    port1.on(
      "message",
      ({ version, protocol, port }: { version: string; protocol: number; port: MessagePort }) => {
        port.postMessage({ version: `${version}-other`, protocol: protocol + 1, settings: {} });
      },
    );
    const error = await failure(connectExecutor(port2));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: "SHARRAY_CONNECTION", reason: "version" });
    expect((error as Error).message).toMatch(/this one has \d\S+ \(.*\), the other one \d\S+-other \(/);
    port1.close();
  });

  test("from another release is refused by the host, whose answer tells what it is", async () => {
    const { port1, port2 } = new MessageChannel();
    const service = serveExecutor(executor, port1);
    const own = new MessageChannel();
    const answered = once(own.port1, "message") as Promise<[{ version: string; settings: unknown }]>;
    const closed = once(own.port1, "close");
    port2.postMessage({ type: "sharray:connect", protocol: 1, version: "0.0.1", port: own.port2 }, [
      own.port2,
    ]);
    const [{ version, settings }] = await answered;
    expect([version, settings]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/), null]);
    await closed;
    expect(service.connections).toBe(0);
    service.close();
    port1.close();
  });

  test("needs a port in the message", async () => {
    const { port1, port2 } = new MessageChannel();
    const service = serveExecutor(executor, port1);
    for (const message of [
      undefined,
      3,
      "text",
      {},
      { type: "sharray:connect" },
      { type: "sharray:connect", port: 1 },
    ]) {
      port2.postMessage(message);
    }
    const client = await connectExecutor(port2);
    expect(service.connections).toBe(1);
    client.close();
    service.close();
    port1.close();
  });

  test("harms no other client: a call that makes no sense fails alone", async () => {
    const { port1, port2 } = new MessageChannel();
    const service = serveExecutor(executor, port1);
    const client = await connectExecutor(port2);
    const { port1: own, port2: theirs } = new MessageChannel();
    port2.postMessage({ type: "sharray:connect", ...RELEASE, port: theirs }, [theirs]);
    const [{ settings }] = (await once(own, "message")) as [{ settings: { port: MessagePort } }];
    // Of a kernel that was never sent.
    settings.port.postMessage(["run", [1, false, 99, null, [], null, null, 0, false, null, false]]);
    const [[type, id]] = (await once(settings.port, "message")) as [[string, number]];
    expect([type, id]).toEqual(["failed", 1]);
    expect(await client.map([1, 2], (x) => x + 1)).toEqual([2, 3]);
    settings.port.close();
    own.close();
    client.close();
    service.close();
    port1.close();
  });

  test("that nobody serves fails after the time-out", async () => {
    const { port1, port2 } = new MessageChannel();
    const error = await failure(connectExecutor(port2, { timeout: 250 }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      reason: "timeout",
      message:
        "Cannot connect to an executor as somebody must serve it at the other end within 250 ms: " +
        "call serveExecutor() there",
    });
    port1.close();
  });

  test("to an endpoint whose other end is closed fails at once", async () => {
    const { port1, port2 } = new MessageChannel();
    const closed = once(port2 as never, "close");
    port1.close();
    await closed;
    expect(await failure(connectExecutor(port2))).toMatchObject({ reason: "lost" });
  });

  test("before somebody serves waits until somebody does", async () => {
    const worker = new Worker(program("bridge-host.mjs"), { workerData: { when: "late" } });
    await once(worker, "online");
    const connecting = connectExecutor(worker);
    worker.postMessage("now");
    const client = await connecting;
    expect(await client.map([1, 2], (x) => x + 1)).toEqual([2, 3]);
    client.close();
    await worker.terminate();
  });

  test.each([
    ["no endpoint", () => connectExecutor({} as never), TypeError, /the endpoint must be a Worker/],
    [
      "a wrong time-out",
      () => connectExecutor(new MessageChannel().port1, { timeout: -1 }),
      Error,
      /"timeout"/,
    ],
    [
      "an unknown option",
      () => connectExecutor(new MessageChannel().port1, { wait: 1 } as never),
      Error,
      /"wait"/,
    ],
    [
      "no options",
      () => connectExecutor(new MessageChannel().port1, null as never),
      TypeError,
      /plain object/,
    ],
  ])("with %s is refused", async (_, connect, type, message) => {
    const error = await failure(connect());
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
  });
});

describe("serving", () => {
  const { port1, port2 } = new MessageChannel();
  afterAll(() => port1.close());

  test.each([
    [
      "no executor",
      () => serveExecutor({} as never, port1),
      TypeError,
      /must be a ParallelExecutor of this thread/,
    ],
    ["no endpoint", () => serveExecutor(executor, 3 as never), TypeError, /current value is 3/],
    ["a wrong limit", () => serveExecutor(executor, port1, { maxCalls: 0 }), Error, /"maxCalls".*at least 1/],
    [
      "an unknown option",
      () => serveExecutor(executor, port1, { max: 1 } as never),
      Error,
      /"max".*maxCalls/,
    ],
  ])("with %s is refused", (_, serve, type, message) => {
    expect(serve).toThrow(type);
    expect(serve).toThrow(message);
  });

  test("takes an endpoint once, and again after it was closed", async () => {
    const service = serveExecutor(executor, port1);
    expect(() => serveExecutor(executor, port1)).toThrow(/close that service first/);
    service.close();
    service.close();
    using again = serveExecutor(executor, port1);
    const client = await connectExecutor(port2);
    expect(again.connections).toBe(1);
    // A client is no executor that could be served on: its calls have no memory here.
    expect(() => serveExecutor(client as never, new MessageChannel().port1)).toThrow(TypeError);
    client.close();
  });
});

describe("a client that ends", () => {
  test.each([
    ["terminated", undefined],
    ["by process.exit", "exit"],
    ["by an uncaught error", "throw"],
  ])("%s has its calls cancelled, and everything it held is free", async (_, how) => {
    const failures = executor.metrics.snapshot().failures;
    const { worker, service } = startClient(executor, "ends in a call", { how });
    worker.on("error", () => {});
    const exited = once(worker, "exit").catch(() => {});
    await once(worker, "message", { signal: AbortSignal.timeout(30_000) });
    if (how === undefined) {
      await until(() => service.connections === 1, "The client is connected");
      await new Promise<void>((resolve) => {
        worker.on("message", (message) => message === "running" && resolve());
        // It may have come already.
        setTimeout(resolve, 500);
      });
      await worker.terminate();
    }
    await exited;
    await until(() => service.connections === 0, "The connection has gone");
    await until(() => executor.metrics.snapshot().failures === failures + 1, "Its call was cancelled");
    await until(() => executor.memory().bytesInUse === 0, "Its memory was let go");
    expect(await executor.map([1, 2], (x) => x)).toEqual([1, 2]);
  });

  test("by itself needs not close its client", async () => {
    const { worker, service, result } = startClient(executor, "idle");
    const exited = once(worker, "exit");
    expect(await result).toBe("idle");
    await exited;
    await until(() => service.connections === 0, "The connection has gone");
  });

  test("by close() rejects its calls, and what it was given stays valid", async () => {
    const failures = executor.metrics.snapshot().failures;
    const seen = await runClient<{ errors: object[]; still: boolean }>(executor, "closed");
    expect(seen.still).toBe(true);
    expect(seen.errors).toHaveLength(7);
    for (const error of seen.errors) {
      expect(error).toMatchObject({ code: "SHARRAY_CONNECTION", reason: "closed" });
    }
    expect(seen.errors[0]).toMatchObject({ message: "Cannot finish the call as this client was closed" });
    expect(seen.errors[2]).toMatchObject({
      message: "Cannot call map() as this client was closed: connect anew",
    });
    await until(() => executor.metrics.snapshot().failures === failures + 1, "Its call was cancelled");
  });

  test("leaves nothing, 10,000 times over", { timeout: 120_000 }, async () => {
    interface Look {
      readonly heap: number;
      readonly external: number;
      readonly resources: readonly string[];
      readonly ports: number;
      readonly listeners: readonly number[];
      readonly memory: number;
    }
    const { before, after } = await facts<{ before: Look; after: Look }>("bridge-leaks.mjs", [], {
      timeout: 100_000,
    });
    expect({ ...after, heap: 0, external: 0 }).toEqual({ ...before, heap: 0, external: 0 });
    expect(after.memory).toBe(0);
    // In MiB: half a KB for each connection, less than its objects take. Compiled code takes some too.
    expect(after.heap - before.heap).toBeLessThan(5);
    expect(after.external - before.external).toBeLessThan(1);
  });
});

describe("a host that ends", () => {
  function startHost(config: object = {}): Worker {
    return new Worker(program("bridge-host.mjs"), { workerData: { when: "at once", config } });
  }

  /** A call whose kernel waits until it is aborted, once it is there. */
  async function callThatWaits(client: RemoteExecutor): Promise<{ failed: Promise<unknown> }> {
    const flags = new Int32Array(new SharedArrayBuffer(4));
    const call = client.mapShared(
      new Float64Array(1000),
      (_, { aborted, args }) => {
        Atomics.store(args as unknown as Int32Array, 0, 1);
        while (!aborted());
      },
      { args: flags },
    );
    const failed = failure(call);
    await until(() => Atomics.load(flags, 0) === 1, "A task has begun");
    return { failed };
  }

  test.each([
    ["is terminated", (host: Worker) => host.terminate()],
    ["exits", (host: Worker) => host.postMessage("exit")],
    ["stops serving", (host: Worker) => host.postMessage("close")],
  ])("because it %s rejects its clients' calls at once", async (_, end) => {
    const host = startHost();
    const client = await connectExecutor(host);
    const out = await client.transformShared(new Float64Array(100).fill(3), Float64Array, (x, out) =>
      out.set(x as never),
    );
    const { failed } = await callThatWaits(client);
    const streaming = failure(
      (async () => {
        for await (const { value } of client.streamShared(new Float64Array(10), (part) => part.length))
          void value;
      })(),
    );
    end(host);
    const error = await failed;
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      reason: "lost",
      message:
        "Cannot finish the call as the thread that serves the executor has ended or has stopped serving it",
    });
    // Behind the call that waits: done before the end, or lost with it.
    expect(["no error", expect.objectContaining({ reason: "lost" })]).toContainEqual(await streaming);
    for (const call of [client.map([1], (x) => x), client.metrics.snapshot(), client.start()]) {
      expect(await failure(call)).toMatchObject({ reason: "lost" });
    }
    expect(() => client.share(new Float64Array(1))).toThrow(ConnectionError);
    // Nobody can tell whether workers still touch the call's memory: it is let go, and none of it is used again.
    expect(client.memory()).toMatchObject({ bytesIdle: 0, bytesInUse: 4096 });
    expect(out.every((value) => value === 3)).toBe(true);
    client.close();
    await host.terminate();
  });

  test("by shutdown() of its executor finishes the calls in progress, and refuses others", async () => {
    const host = startHost();
    const client = await connectExecutor(host);
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const call = client.map(
      [1],
      (_, __, { args }) => {
        Atomics.store(args as unknown as Int32Array, 1, 1);
        while (Atomics.load(args as unknown as Int32Array, 0) === 0);
        return "done";
      },
      { args: flags },
    );
    const done = once(host, "message");
    await until(() => Atomics.load(flags, 1) === 1, "The task has begun");
    host.postMessage("shut down");
    // The host has got the message before it answers this.
    await client.metrics.snapshot();
    const refused = await failure(client.map([1], (x) => x));
    expect(refused).toBeInstanceOf(ExecutorClosedError);
    Atomics.store(flags, 0, 1);
    expect(await call).toEqual(["done"]);
    await done;
    expect(await failure(client.explain(new Float64Array(1), () => 1))).toBeInstanceOf(ExecutorClosedError);
    client.close();
    await host.terminate();
  });

  test("in parts: lost workers and limits of memory come as the errors they are", async () => {
    const host = startHost({ maxSharedBytes: 2 ** 20 });
    const client = await connectExecutor(host);
    const lost = await failure(client.map([1], () => process.exit(9)));
    expect(lost).toBeInstanceOf(WorkerLostError);
    expect(lost).toMatchObject({ exitCode: 9 });
    // The client's own memory has the executor's limit, and its own account.
    const large = await failure(client.mapShared(new Float64Array(2 ** 18), () => 1));
    expect(large).toBeInstanceOf(MemoryLimitError);
    expect(large).toMatchObject({ limit: 2 ** 20 });
    expect(() => client.allocate(Float64Array, 2 ** 18)).toThrow(MemoryLimitError);
    // The job block of so many tasks is the executor's.
    const tasks = new Uint8Array(new SharedArrayBuffer(2 ** 18));
    expect(await failure(client.mapShared(tasks, () => 1, { chunkSize: 1 }))).toBeInstanceOf(
      MemoryLimitError,
    );
    expect(client.memory().bytesInUse).toBe(0);
    client.close();
    await host.terminate();
  });
});

test("importing sharray/bridge starts nothing and listens to nothing", async () => {
  const code = `
    const look = () => JSON.stringify([process.getActiveResourcesInfo(), process.eventNames().map(String).sort()]);
    const before = look();
    await import("sharray/bridge");
    // Files that were read are still being closed.
    for (let turn = 0; turn < 1000 && look() !== before; turn += 1) await new Promise(setImmediate);
    console.log(before + "\\n" + look());`;
  const { code: exit, stdout, stderr } = await runNode(["--input-type=module", "-e", code]);
  expect([exit, stderr]).toEqual([0, ""]);
  const [before, after] = stdout.split("\n");
  expect(before).toContain("newListener");
  expect(after).toBe(before);
});
