/** "Where calls run" in docs/api.md: each cell of its table, by running it. */
import { readFileSync } from "node:fs";
import { MessageChannel } from "node:worker_threads";
import { ClusterError, type Executor, IsolationError, ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import type { ClusterExecutor } from "sharray/cluster";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectTo, KERNELS, startNode, stopNode } from "./cluster.js";
import { onStores, type TestStore } from "./stores.js";

// biome-ignore lint/suspicious/noExplicitAny: kernels in JavaScript, for the nodes.
const kernels = (await import(KERNELS)) as Record<string, any>;

const x = Float64Array.from({ length: 12 }, (_, i) => i);
const add = (a: number, b: number): number => a + b;
/** Of an empty module. */
const WASM = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

async function streamed(stream: AsyncIterable<{ readonly value: unknown }>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const { value } of stream) values.push(value);
  return values;
}

/** What each row of the table is about, with results that must be the same everywhere. */
const ROWS: Readonly<Record<string, (executor: Executor) => Promise<unknown>>> = {
  "`mapShared`, `reduceShared`, `map`": async (executor) => [
    await executor.mapShared(x, kernels["place"], { chunkSize: 3 }),
    await executor.reduceShared({ a: x, b: x }, kernels["columns"], add, { chunkSize: 5 }),
    await executor.map([1, 2], kernels["item"]),
  ],
  "`transformShared`, `mapInto`, `collectShared`": async (executor) => [
    await executor.transformShared(x, Float64Array, kernels["keep"]),
    await executor.mapInto([3, 4], Float64Array, kernels["squares"]),
    await executor.collectShared(x, Float64Array, kernels["even"], { chunkSize: 5 }),
  ],
  "`streamShared`": (executor) =>
    streamed(executor.streamShared(x, kernels["place"], { chunkSize: 5, ordered: true })),
  "`streamShared` over a source": async (executor) => {
    const source = [x, x.slice(2)].values();
    return streamed(executor.streamShared(source, kernels["place"], { ordered: true }));
  },
  "`iterateShared`": (executor) => executor.iterateShared(x, kernels["keep"], { passes: 3 }),
  "`submit`": async (executor) => executor.submit(5, kernels["item"]),
  "a count of rows as input": (executor) => executor.mapShared(7, kernels["range"], { chunkSize: 3 }),
  "`halo`, `rowLength`, `shared`": async (executor) => [
    await executor.mapShared(x, kernels["place"], { chunkSize: 1, halo: 1, rowLength: 3 }),
    await executor.map([1, 2], kernels["item"], { shared: { table: x } }),
  ],
  "an output that is an array of yours": (executor) =>
    executor.transformShared(x, executor.allocate(Float64Array, x.length), kernels["keep"]),
  "`writable`": async (executor) => {
    const log = executor.allocate(Float64Array, 3);
    await executor.map([0, 1, 2], kernels["log"], { writable: { log } });
    return log;
  },
  "a `WebAssembly.Module` in `args` or `shared`": (executor) =>
    executor.map([1], kernels["exportsOf"], { args: new WebAssembly.Module(WASM) }),
  "a kernel that is no module kernel": (executor) => executor.map([1, 2], (i) => i + 1),
};

const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
const [head = [], , ...rows] = (page.split("## Where calls run\n")[1] ?? "")
  .split("\n\n")
  .filter((part) => part.startsWith("| call"))
  .flatMap((table) => table.split("\n"))
  .map((line) => line.slice(2, -2).split(" | "));

/** What the table says of a place. */
const saysOf = (place: string): readonly (readonly [row: string, says: string])[] =>
  rows.map((cells) => [cells[0] as string, cells[head.indexOf(place)] as string]);

const here = new ParallelExecutor({ strategy: "sequential" });
afterAll(() => here.shutdown());

async function check(executor: Executor, row: string, says: string, refusal: unknown): Promise<void> {
  const call = ROWS[row] as (typeof ROWS)[string];
  if (says === "yes") expect(await call(executor)).toEqual(await call(here));
  else {
    expect(says).toMatch(/^no \(\d\)$/);
    await expect(call(executor)).rejects.toThrow(refusal as Error);
    await expect(call(executor)).rejects.toThrow(/ as .*(other|copies|copy|source|one by one|code|text)/);
  }
}

test("the table has a row for each of these", () => {
  expect(rows.map(([row]) => row)).toEqual(Object.keys(ROWS));
});

describe.each(["sequential", "threads", "auto", "processes"] as const)("on %s", (strategy) => {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  afterAll(() => executor.shutdown());
  test.each(saysOf(`\`${strategy}\``))("%s: %s", (row, says) =>
    check(executor, row, says, row.includes("WebAssembly") ? TypeError : IsolationError),
  );
});

describe("over the bridge", () => {
  const host = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  const { port1, port2 } = new MessageChannel();
  const service = serveExecutor(host, port1);
  const client = connectExecutor(port2);
  afterAll(async () => {
    (await client).close();
    service.close();
    for (const port of [port1, port2]) port.close();
    await host.shutdown();
  });
  test.each(saysOf("bridge"))("%s: %s", async (row, says) => check(await client, row, says, IsolationError));
});

onStores("on a cluster", (start) => {
  let store: TestStore;
  let node: Awaited<ReturnType<typeof startNode>>;
  let cluster: ClusterExecutor;
  beforeAll(async () => {
    store = await start();
    node = await startNode(store, "where");
    cluster = connectTo(store, "where");
  });
  afterAll(async () => {
    await cluster?.shutdown();
    await stopNode(node);
    await store?.[Symbol.asyncDispose]();
  });
  test.each(saysOf("cluster"))("%s: %s", (row, says) => check(cluster, row, says, ClusterError));
});
