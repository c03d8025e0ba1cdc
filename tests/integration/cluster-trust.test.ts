/** What a cluster refuses, and what becomes of those who have reached the store without the secret. */
import type { ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import type { Queue } from "bullmq";
import { ClusterError, ConfigurationError } from "sharray";
import { type ClusterExecutor, clusterStatus, serveNode } from "sharray/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTo, eventually, KERNELS, SECRET, startNode, stopNode } from "./cluster.js";
import { installed } from "./installed.js";
import { program } from "./run.js";
import { onStores, startRedis, type TestStore } from "./stores.js";

// biome-ignore lint/suspicious/noExplicitAny: kernels in JavaScript, for the nodes.
const kernels = (await import(KERNELS)) as Record<string, any>;

interface Request {
  readonly body: string;
  readonly signature: string;
}

onStores("a cluster whose store others reach", (start, kind) => {
  let store: TestStore;
  let node: ChildProcess;
  let cluster: ClusterExecutor;
  let queue: Queue;

  beforeAll(async () => {
    store = await start();
    node = await startNode(store, "trust");
    cluster = connectTo(store, "trust");
    queue = store.queue("trust");
  });
  afterAll(async () => {
    await cluster?.shutdown();
    await queue?.close();
    await stopNode(node);
    await store?.[Symbol.asyncDispose]();
  });

  const refused = async (call: Promise<unknown>): Promise<ClusterError> => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ClusterError);
    return error as ClusterError;
  };

  test("what the cluster can't run is refused before anything is sent", async () => {
    await using fresh = connectTo(store, "nobody");
    const shared = fresh.share(new Float64Array(4));
    const module = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const factor = 2;
    const calls: [Promise<unknown>, RegExp][] = [
      [fresh.map([1], (x) => x), /nodes run kernels of their own modules alone.*defineKernel/],
      [fresh.map([1], (x) => x * factor), /nodes run kernels of their own modules alone/],
      [
        fresh.iterateShared(shared, kernels["scale"], { passes: 2 }),
        /each pass reads what other nodes have written/,
      ],
      [
        (async () => {
          for await (const { value } of fresh.streamShared([shared].values(), kernels["scale"] as never))
            return value;
          return undefined;
        })(),
        /a source has no end/,
      ],
      [
        Promise.resolve(fresh.submit(1, kernels["item"])),
        /Cannot run single jobs on a cluster as .* cancelled one by one/,
      ],
      [fresh.map([1], kernels["item"], { writable: { shared } }), /"writable"/],
      [fresh.mapInto([1], shared.subarray(0, 1) as never, kernels["squares"]), /name a kind of output/],
      [fresh.map([1], kernels["item"], { args: { module } }), /WebAssembly\.Module/],
    ];
    for (const [call, message] of calls) {
      const error = await refused(call);
      expect(error.reason).toBe("refused");
      expect(error.message).toMatch(message);
    }
    await expect(async () => fresh.map([1], kernels["item"], { strategy: "threads" })).rejects.toThrow(
      ConfigurationError,
    );
    // Here, nothing has to travel.
    expect(await fresh.map([1], (x) => x * factor, { strategy: "sequential" })).toEqual([2]);
    for (const sort of ["piece", "manifest", "call"]) expect(await store.keys("nobody", sort)).toEqual([]);
  });

  test("a node runs kernels of the modules that it lists, and no others", async () => {
    const { unlisted } = (await import(program("cluster-unlisted.js"))) as { unlisted: never };
    const error = await refused(cluster.map([1], unlisted));
    expect(error.reason).toBe("refused");
    expect(error.message).toContain('a node must list the module of kernel "unlisted"');
  });

  test("a client with another version of a module is told so", async () => {
    const folder = join(installed.project, "other-version");
    await mkdir(folder, { recursive: true });
    const copy = join(folder, "cluster-kernels.js");
    await copyFile(KERNELS, copy);
    await appendFile(copy, "\n// changed\n");
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    const other = (await import(copy)) as Record<string, any>;
    const error = await refused(cluster.map([1], other["item"]));
    expect(error.reason).toBe("version");
  });

  test("a client with another secret is refused, and the node counts what it dropped", async () => {
    const before = (await dropped()) ?? 0;
    await using stranger = connectTo(store, "trust", { secret: "another secret of the tests" });
    const error = await refused(stranger.map([1], kernels["item"]));
    expect(error.reason).toBe("refused");
    expect(error.message).toContain("signed with another secret");
    await eventually("that the drop is counted", async () => ((await dropped()) ?? 0) > before);
  });

  async function dropped(): Promise<number | undefined> {
    const { nodes } = await clusterStatus({ connection: store.url, queue: "trust" });
    return nodes[0]?.dropped;
  }

  /** Has the next shard run, and gives what was in the queue for it. */
  async function recorded(file: string): Promise<{ readonly id: string; readonly data: Request }> {
    await stop(node);
    const call = cluster.map([file], kernels["note"]);
    await eventually("that the shard waits", async () => (await queue.getWaitingCount()) === 1);
    const [job] = await queue.getWaiting();
    await resume(node);
    await call;
    return { id: job?.id as string, data: job?.data as Request };
  }

  test("a request that is unsigned, altered, expired or sent again does not run", async () => {
    const file = join(installed.project, `notes-${kind}.txt`);
    const { id, data } = await recorded(file);
    expect(readFileSync(file, "utf8")).toBe("0\n");
    const body = JSON.parse(data.body) as Record<string, unknown>;
    const sign = (text: string, name: string, id: string): string => {
      const head = `${JSON.stringify(["request", name, id])}\n`;
      return createHmac("sha256", SECRET).update(head).update(text).digest("hex");
    };
    const again = (fields: object, name = "trust", as = `${id}.again`): [string, Request] => {
      const text = JSON.stringify({ ...body, id: as, ...fields });
      return [as, { body: text, signature: sign(text, name, as) }];
    };
    // So that only the request itself is refused.
    await store.lease("trust", body["call"] as string);
    const bad: [string, unknown][] = [
      ["unsigned", { body: data.body, signature: "" }],
      ["nothing", {}],
      ["altered", { body: data.body.replace('"first":0', '"first":1'), signature: data.signature }],
      // The same request under another id.
      [`${id}.again`, data],
      again({ expires: Date.now() - 1 }),
      again({}, "another-queue"),
      // Of a manifest with another content.
      again({ manifest: "0".repeat(64) }, "trust", `${id}.third`),
    ];
    const ends: string[] = [];
    for (const [as, request] of bad) {
      const job = await queue.add("shard", request, { jobId: as, removeOnComplete: true });
      await eventually(
        "that the node has seen it",
        async () => !["waiting", "active"].includes(await job.getState()),
      );
      ends.push((await queue.getJob(as))?.failedReason ?? "no result");
      await job.remove().catch(() => {});
    }
    expect(ends).toEqual([
      "refused: altered, or signed with another secret",
      "refused: not signed",
      "refused: altered, or signed with another secret",
      "refused: altered, or signed with another secret",
      "refused: expired",
      "refused: altered, or signed with another secret",
      "no result",
    ]);
    // The very same request under its own id: it has run, also if somebody takes the note of that away.
    for (const clear of [false, true]) {
      if (clear)
        await store.remove((await store.keys("trust", "result")).find((key) => key.includes(id)) as string);
      const job = await queue.add("shard", data, { jobId: id, removeOnComplete: true });
      await eventually("that the node has seen it", async () => (await job.getState()) === "unknown");
    }
    expect(readFileSync(file, "utf8")).toBe("0\n");
    expect(existsSync(file)).toBe(true);
  });

  test("pieces, manifests and results that others have altered are noticed, and the call ends as if they were not", async () => {
    const x = cluster.share(Float64Array.from({ length: 20_000 }, (_, i) => i + 0.25));
    const sum = cluster.mapShared(x, kernels["place"]);
    const expected = await sum;
    await stop(node);
    const y = cluster.share(Float64Array.from({ length: 20_000 }, (_, i) => i + 0.75));
    const call = cluster.mapShared(y, kernels["place"]);
    await eventually("that the shard waits", async () => (await queue.getWaitingCount()) > 0);
    for (const key of await store.keys("trust", "piece")) await store.alter(key);
    for (const key of await store.keys("trust", "manifest")) await store.alter(key);
    await resume(node);
    const got = await call;
    expect(got).toHaveLength(expected.length);
    expect(got[0]).toBe(expected[0] === undefined ? 0 : await sumOf(y));
  });

  async function sumOf(y: Float64Array): Promise<number> {
    const { ParallelExecutor } = await import("sharray");
    await using here = new ParallelExecutor({ strategy: "sequential" });
    return (await here.mapShared(y, kernels["place"]))[0] as number;
  }

  test("secrets and passwords are in no error, and in nothing that can be printed", async () => {
    await using locked = await startRedis("--requirepass", "the right password");
    const connection = { host: "127.0.0.1", port: locked.port, password: "the wrong password" };
    await using stranger = connectTo(store, "trust", { connection, timeout: 1000 });
    const error = await refused(stranger.map([1], kernels["item"]));
    expect(error.reason).toBe("unreachable");
    const options = { connection, queue: "trust", secret: "short", kernels: [KERNELS] };
    const config = await serveNode(options).catch((reason: unknown) => reason);
    expect(config).toBeInstanceOf(ConfigurationError);
    for (const each of [error, config, stranger]) {
      const text = inspect(each, { depth: 9, showHidden: true });
      expect(text).not.toContain("wrong password");
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain("short");
    }
  });
});

/** Stops a process in the middle of what it does. */
async function stop(node: ChildProcess): Promise<void> {
  node.kill("SIGSTOP");
  await eventually("that the node is stopped", () =>
    /^State:\s+T/m.test(readFileSync(`/proc/${node.pid}/status`, "utf8")),
  );
}

async function resume(node: ChildProcess): Promise<void> {
  node.kill("SIGCONT");
}
