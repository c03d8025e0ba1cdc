/** What is lost of a cluster, and what becomes of its calls. */

import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { ClusterError } from "sharray";
import { type ClusterExecutor, clusterStatus, serveNode } from "sharray/cluster";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  addressOf,
  command,
  connectTo,
  eventually,
  KERNELS,
  SECRET,
  startNode,
  stopNode,
} from "./cluster.js";
import { installed } from "./installed.js";
import { program, runNode } from "./run.js";
import { onStores, type TestRedis, type TestStore } from "./stores.js";

// biome-ignore lint/suspicious/noExplicitAny: kernels in JavaScript, for the nodes.
const kernels = (await import(KERNELS)) as Record<string, any>;
const LONG = 120_000;

onStores("a cluster that loses something", (start, kind) => {
  let store: TestStore;
  let nodes: ChildProcess[] = [];
  let executors: ClusterExecutor[] = [];

  beforeAll(async () => {
    store = await start();
  });
  afterEach(async () => {
    await Promise.all(executors.map((each) => each[Symbol.asyncDispose]()));
    await Promise.all(nodes.map((node) => stopNode(node, "SIGKILL")));
    nodes = [];
    executors = [];
  });
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
  });

  async function begin(queue: string, count: number): Promise<[ClusterExecutor, ...ChildProcess[]]> {
    nodes = await Promise.all(Array.from({ length: count }, () => startNode(store, queue)));
    const cluster = connectTo(store, queue);
    executors.push(cluster);
    return [cluster, ...nodes];
  }

  const status = (queue: string) => clusterStatus({ connection: store.url, queue });

  test.each(["SIGKILL", "SIGSTOP"] as const)(
    "the shards of a node that %s has struck run on the other one, each once in the result",
    async (signal) => {
      const queue = `struck-${signal}`;
      const [cluster, first, second] = await begin(queue, 2);
      const items = Array.from({ length: 200 }, (_, i) => i);
      const ended: number[] = [];
      // Whatever the first node has of it, it does not end.
      const call = cluster.map(items, kernels["stuck"], {
        args: { pid: first?.pid },
        onProgress: ({ completed }) => ended.push(completed),
      });
      await eventually("that it has shards", async () => {
        return (await status(queue)).nodes.some(({ pid, shards }) => pid === first?.pid && shards > 0);
      });
      first?.kill(signal);
      expect(await call).toEqual(items.map((item) => [item, second?.pid]));
      expect(ended).toEqual([...ended].sort((a, b) => a - b));
      expect(ended.at(-1)).toBe(200);
    },
    LONG,
  );

  test(
    "a task that ends every node that runs it fails the call as lost",
    async () => {
      const [cluster] = await begin("deadly", 0);
      // The operator's supervisor starts it anew.
      let isOver = false;
      const supervise = async (): Promise<void> => {
        while (!isOver) {
          const node = await startNode(store, "deadly");
          nodes = [node];
          await eventually("that it ended", () => isOver || node.signalCode !== null);
        }
      };
      const supervised = supervise();
      const error = await cluster.map([1], kernels["deadly"]).catch((reason: unknown) => reason);
      isOver = true;
      await supervised;
      expect(error).toBeInstanceOf(ClusterError);
      expect(error).toMatchObject({ reason: "lost" });
      expect((error as ClusterError).message).toContain("tasks 0 to 1 must not end their nodes");
      expect((error as ClusterError).partial?.unfinished).toEqual([{ index: 0, start: 0, end: 1 }]);
    },
    LONG,
  );

  test("an abort ends the call at once, and stops its shards on all nodes", async () => {
    const [cluster] = await begin("abort", 2);
    const controller = new AbortController();
    const call = cluster.map(new Array(64).fill(0), kernels["endless"], { signal: controller.signal });
    await eventually("that both nodes are at it", async () => {
      return (await status("abort")).nodes.filter(({ shards }) => shards > 0).length === 2;
    });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await eventually("that no node is at it", async () => {
      const { nodes, active, waiting } = await status("abort");
      return active === 0 && waiting === 0 && nodes.every(({ shards }) => shards === 0);
    });
  });

  test("a client that has died is missed within its lease", async () => {
    const [cluster] = await begin("lease", 1);
    const call = cluster.map([0], kernels["endless"]);
    call.catch(() => {});
    await eventually("that the node is at it", async () => (await status("lease")).nodes[0]?.shards === 1);
    const [key] = await store.keys("lease", "call");
    const left = await store.left(key as string);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(15_000);
    cluster.cancel();
    await expect(call).rejects.toThrow("cancel");
    await eventually("that the node is free", async () => (await status("lease")).nodes[0]?.shards === 0);
    expect(await store.keys("lease", "call")).toEqual([]);
  });

  // On PostgreSQL it takes up to the time-out now and then until a client is connected again.
  test.runIf(kind === "Redis")(
    "a call ends although the store has lost all that it had",
    async () => {
      const [cluster] = await begin("restart", 1);
      const shared = { table: cluster.share(Float64Array.from({ length: 50_000 }, (_, i) => i)) };
      let isRestarted: Promise<void> | undefined;
      const pids = await cluster.map(new Array(60).fill(20), kernels["busy"], {
        shared,
        onProgress: ({ completed }) => {
          if (completed > 0) isRestarted ??= store.restart();
        },
      });
      expect(pids).toHaveLength(60);
      await isRestarted;
    },
    LONG,
  );

  test.runIf(kind === "Redis")("a call waits while the store is full, and fails if it stays so", async () => {
    const [cluster] = await begin("full", 1);
    const { client } = store as TestRedis;
    const fill = (isFull: boolean) => client.config("SET", "maxmemory", isFull ? "1mb" : "0");
    const refusals = async (): Promise<number> => {
      return Number(/errorstat_OOM:count=(\d+)/.exec(await client.info("errorstats"))?.[1] ?? 0);
    };
    const tableOf = (factor: number) =>
      cluster.share(Float64Array.from({ length: 2 ** 20 }, (_, i) => i * factor));
    const before = await refusals();
    try {
      await fill(true);
      const call = cluster.map([7], kernels["item"], { shared: { table: tableOf(1) } });
      await eventually("that the store has refused a piece", async () => (await refusals()) > before);
      await fill(false);
      expect(await call).toMatchObject([{ value: 7, seen: 0 }]);
      const hasty = connectTo(store, "full", { timeout: 1000 });
      executors.push(hasty);
      await fill(true);
      const failed = await hasty
        .map([7], kernels["item"], { shared: { table: tableOf(2) } })
        .catch((e: unknown) => e);
      expect(failed).toMatchObject({ name: "ClusterError", reason: "unreachable" });
      expect((failed as ClusterError).message).toContain("it says OOM");
    } finally {
      await fill(false);
    }
  });

  test("a call that no node serves fails with what had ended, and so does one without a store", async () => {
    const cluster = connectTo(store, "empty", { timeout: 1500 });
    executors.push(cluster);
    const error = await cluster.map([1, 2], kernels["item"]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: "timeout" });
    expect((error as ClusterError).partial?.unfinished).toHaveLength(2);
    const lost = connectTo(store, "empty", { connection: { host: "127.0.0.1", port: 1 }, timeout: 1500 });
    executors.push(lost);
    for (const call of [
      lost.map([1], kernels["item"]),
      lost.start(),
      lost.explain([], kernels["place"] as never),
    ]) {
      await expect(call).rejects.toMatchObject({ name: "ClusterError", reason: "unreachable" });
    }
  });

  test("a node may be a part of a program, and leaves when it is closed", async () => {
    const options = {
      connection: store.url,
      queue: "inside",
      secret: SECRET,
      kernels: [KERNELS],
      threads: 1,
    };
    const cluster = connectTo(store, "inside");
    executors.push(cluster);
    {
      await using node = await serveNode(options);
      expect(node.kernels).toContain("item");
      expect(await cluster.map([5], kernels["item"])).toMatchObject([{ value: 5 }]);
      expect(await cluster.nodes()).toMatchObject([{ id: node.id, threads: 1 }]);
      await node.close();
    }
    expect(await cluster.nodes()).toEqual([]);
  });

  test("a program that has made its calls ends by itself", async () => {
    await begin("idle", 1);
    const { code, stdout, stderr } = await runNode([program("cluster-idle.mjs"), store.url, "idle", SECRET]);
    expect([code, stdout, stderr]).toEqual([0, "[1,2,3]\n", ""]);
  });

  test("sharray cluster status tells the nodes and what waits; sharray node ends in order", async () => {
    const [, node] = await begin("status", 1);
    const parameters = [command, "cluster", "status", ...addressOf(store), "--queue", "status"];
    const { stdout } = await runNode([...parameters, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      waiting: 0,
      active: 0,
      failed: 0,
      nodes: [{ threads: 1, pid: node?.pid }],
    });
    const text = (await runNode(parameters)).stdout;
    expect(text).toMatch(/^node +threads +shards +cached MiB +dropped$/m);
    expect(text).toMatch(/^0 shards wait, 0 run, 0 failed in the last hour$/m);
    await stopNode(node as ChildProcess);
    expect(node?.exitCode).toBe(0);
    expect((await status("status")).nodes).toEqual([]);
  });

  test("sharray node wants a secret and modules of kernels", async () => {
    const parameters = [command, "node", ...addressOf(store), "--queue", "q"];
    expect(await runNode(parameters)).toMatchObject({ code: 2, stderr: expect.stringContaining("Usage:") });
    const kernels = ["--kernels", KERNELS];
    expect(await runNode([...parameters, ...kernels])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("SHARRAY_SECRET"),
    });
    const env = { SHARRAY_SECRET: SECRET };
    const none = join(installed.project, "programs/polynomial.js");
    expect(await runNode([...parameters, "--kernels", none], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("modules that export functions made with defineKernel()"),
    });
  });
});
