/** The calls of a cluster of two nodes: the same bits as on one thread, and what crosses for them. */
import type { ChildProcess } from "node:child_process";
import fc from "fast-check";
import { KernelError, ParallelExecutor, TaskTimeoutError, type TypedArray } from "sharray";
import type { ClusterExecutor } from "sharray/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTo, eventually, KERNELS, startNode, stopNode } from "./cluster.js";
import { onStores, type TestRedis, type TestStore } from "./stores.js";

// biome-ignore lint/suspicious/noExplicitAny: kernels in JavaScript, for the nodes.
const kernels = (await import(KERNELS)) as Record<string, any>;

onStores("a cluster of two nodes", (start, kind) => {
  let store: TestStore;
  let nodes: ChildProcess[] = [];
  let cluster: ClusterExecutor;
  const here = new ParallelExecutor({ strategy: "sequential" });

  beforeAll(async () => {
    store = await start();
    nodes = await Promise.all([startNode(store, "calls"), startNode(store, "calls")]);
    cluster = connectTo(store, "calls");
  });
  afterAll(async () => {
    await cluster?.shutdown();
    await here.shutdown();
    await Promise.all(nodes.map((node) => stopNode(node)));
    await store?.[Symbol.asyncDispose]();
  });

  /** What a call comes to on the cluster, and on one thread. */
  async function both<T>(
    call: (executor: ClusterExecutor | ParallelExecutor) => Promise<T>,
  ): Promise<unknown[]> {
    return Promise.all([cluster, here].map((executor) => outcome(call(executor))));
  }

  async function outcome(call: Promise<unknown>): Promise<unknown> {
    try {
      return { value: await call };
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      const { name, message, ...fields } = error.cause as Error;
      return {
        message: error.message,
        index: error.index,
        start: error.start,
        end: error.end,
        name,
        cause: message,
        fields,
      };
    }
  }

  const array = fc.oneof(
    fc.float64Array({ maxLength: 400 }),
    fc.float32Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }),
    fc.int16Array({ maxLength: 400 }),
    fc.bigInt64Array({ maxLength: 400 }),
  );
  const shape = fc.record({
    array,
    from: fc.nat(9),
    isShared: fc.boolean(),
    chunkSize: fc.integer({ min: 1, max: 90 }),
    halo: fc.option(fc.record({ before: fc.nat(5), after: fc.nat(5) }), { nil: undefined }),
    failAt: fc.option(fc.nat(12), { nil: undefined }),
    weight: fc.double({ noNaN: true, noDefaultInfinity: true }),
    seed: fc.nat(),
  });

  test("mapShared gives the same bits and the same failures as one thread", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ array, from, isShared, chunkSize, halo, failAt, weight, seed }) => {
        const view = (array as Float64Array).subarray(from);
        const x = isShared ? here.share(view) : view;
        const options = { chunkSize, halo, seed, args: { failAt, weight } };
        const [got, expected] = await both((executor) => executor.mapShared(x, kernels["place"], options));
        expect(got).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("lists, columns and reductions are as on one thread", async () => {
    const x = cluster.share(Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i)));
    const list: TypedArray[] = [x, x.subarray(7, 19), new Int32Array([1, 2]), new Float32Array(0)];
    const [got, expected] = await both((executor) => executor.mapShared(list, kernels["place"]));
    expect(got).toEqual(expected);
    const columns = { a: x, b: Float32Array.from(x) };
    const add = (a: number, b: number): number => a + b;
    const [sum, expectedSum] = await both((executor) =>
      executor.reduceShared(columns, kernels["columns"], add),
    );
    expect(sum).toEqual(expectedSum);
  });

  test("items, numbers and objects, see the shared payload as on one thread", async () => {
    const table = cluster.share(Float64Array.from({ length: 100_000 }, (_, i) => i / 3));
    for (const items of [
      Array.from({ length: 300 }, (_, i) => i - 0.5),
      Array.from({ length: 300 }, (_, i) => ({ i, text: "x".repeat(i % 9), part: new Uint8Array(i % 4) })),
      [...new Array(90).fill("yes"), "no", "yes"],
      [],
    ]) {
      const [got, expected] = await both((executor) =>
        executor.map(items, kernels["item"], { shared: { table }, seed: 3 }),
      );
      expect(got).toEqual(expected);
    }
  });

  test("outputs come back into the caller's memory, also some of several pieces", async () => {
    const x = cluster.share(Float64Array.from({ length: 1_200_000 }, (_, i) => i % 977));
    const outputs = { y: Float32Array, pair: { type: Float64Array, per: 2 } };
    const chunkSize = 400_000;
    const made = await Promise.all(
      [cluster, here].map((executor) =>
        executor.transformShared(x, outputs, kernels["scale"], { chunkSize }),
      ),
    );
    for (const name of ["y", "pair"] as const) {
      const [got, expected] = made.map((columns) =>
        Buffer.from(columns[name].buffer, 0, columns[name].byteLength),
      );
      expect(got?.length).toBe(x.length * (name === "y" ? 4 : 16));
      expect(got?.equals(expected as Buffer)).toBe(true);
    }
    const [into, expectedInto] = await both((executor) =>
      executor.mapInto([1, 2, 3.5], Float64Array, kernels["squares"]),
    );
    expect(into).toEqual(expectedInto);
    const whole = Int32Array.from({ length: 5000 }, (_, i) => (i * 7) % 13);
    const [found, expectedFound] = await both((executor) =>
      executor.collectShared(whole, Int32Array, kernels["even"], { chunkSize: 70 }),
    );
    expect(found).toEqual(expectedFound);
  });

  test("kernels that are not thread-safe run in child processes of the node, and may not write outputs", async () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => i);
    const [got, expected] = await both((executor) =>
      executor.mapShared(x, kernels["unsafe"], { chunkSize: 7 }),
    );
    expect(got).toEqual(expected);
    await expect(cluster.transformShared(x, Float64Array, kernels["unsafeInto"])).rejects.toMatchObject({
      name: "ClusterError",
      reason: "refused",
    });
  });

  test("a result that can't travel between machines is refused", async () => {
    const call = cluster.map([1], kernels["moduleOf"]);
    await expect(call).rejects.toMatchObject({ name: "ClusterError", reason: "refused" });
    await expect(call).rejects.toThrow("as they must be plain data");
  });

  test("a stream gives each result once, in order if that is asked for", async () => {
    const x = cluster.share(Float64Array.from({ length: 4000 }, (_, i) => i));
    const expected = await here.mapShared(x, kernels["place"], { chunkSize: 40 });
    const got: unknown[] = [];
    for await (const { value } of cluster.streamShared(x, kernels["place"], { chunkSize: 40, ordered: true }))
      got.push(value);
    expect(got).toEqual(expected);
  });

  test("a failed call has the values of the tasks that had ended", async () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => i);
    const error = await cluster
      .mapShared(x, kernels["place"], { chunkSize: 1, args: { failAt: 60 } })
      .catch((e) => e as KernelError);
    expect(error).toMatchObject({ name: "KernelError", index: 60, start: 60, end: 61 });
    const { values, unfinished } = (error as KernelError).partial as NonNullable<KernelError["partial"]>;
    const expected = await here.mapShared(x, kernels["place"], { chunkSize: 1 });
    for (const [index, value] of values) expect(value).toEqual(expected[index]);
    expect([...values.keys()].slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(unfinished.map(({ index }) => index)).toContain(60);
    expect(values.size + unfinished.length).toBe(100);
  });

  test("a task that takes longer than its time-out fails the call", async () => {
    const error = await cluster
      .map([1, 60_000], kernels["busy"], { timeout: 300 })
      .catch((e) => e as unknown);
    expect(error).toBeInstanceOf(TaskTimeoutError);
    expect(error).toMatchObject({ index: 1, timeout: 300 });
  });

  test.runIf(kind === "Redis")(
    "a node reads each piece once, whatever the number of shards, calls and clients",
    async () => {
      // 24 MiB: six pieces of 4 MiB, all different. The items are a piece of their own.
      const x = cluster.share(Float64Array.from({ length: 3 * 2 ** 20 }, (_, i) => i));
      const items = new Array<number>(120).fill(4);
      const reads = async (): Promise<number> => {
        const info = await (store as TestRedis).client.info("commandstats");
        return Number(/cmdstat_getex:calls=(\d+)/.exec(info)?.[1] ?? 0);
      };
      const before = await reads();
      const pids = new Set<number>();
      await eventually("that both nodes took part", async () => {
        for (const pid of await cluster.map(items, kernels["busy"], { shared: { x } }))
          pids.add(pid as number);
        return pids.size === 2;
      });
      expect(await reads()).toBe(before + 2 * 7);
      await using other = connectTo(store, "calls");
      for (const executor of [cluster, other]) await executor.map(items, kernels["busy"], { shared: { x } });
      expect(await reads()).toBe(before + 2 * 7);
    },
  );

  test("events, progress and metrics tell of the call as of any other", async () => {
    const events: [string, Record<string, unknown>][] = [];
    await using executor = connectTo(store, "calls", {
      telemetry: (event, payload) => events.push([event, payload as unknown as Record<string, unknown>]),
    });
    const seen: number[] = [];
    await executor.map(new Array(200).fill(3), kernels["busy"], {
      onProgress: ({ completed }) => seen.push(completed),
    });
    expect(events.map(([event]) => event)).toEqual(["parallel_decision", "parallel_execution"]);
    expect(events[0]?.[1]).toMatchObject({ call: "map", decision: "cluster", tasks: 200 });
    expect(events[1]?.[1]).toMatchObject({ call: "map", strategy: "cluster", items: 200, workers: 2 });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(200);
    expect(executor.metrics.snapshot()).toMatchObject({
      submitted: 1,
      completed: 1,
      failures: 0,
      retries: 0,
    });
  });

  test("explain tells the nodes, their threads, and what each has to read", async () => {
    const x = cluster.share(new Float64Array(100_000));
    const plan = await cluster.explain(x, kernels["place"]);
    expect(plan.strategy).toBe("cluster");
    expect(plan.nodes.map(({ threads }) => threads)).toEqual([1, 1]);
    expect(plan.bytesPerNode).toBe(800_000);
    expect(Object.keys(plan.predicted)).toEqual(["sequential", "cluster"]);
    expect(String(plan)).toContain("nodes  2, ");
  });

  test("a kernel that ends its worker fails the call with a WorkerLostError, and the node goes on", async () => {
    const error = await cluster.map([1], kernels["exits"]).catch((e) => e as unknown);
    expect(error).toMatchObject({ name: "WorkerLostError", index: 0, exitCode: 3 });
    expect(await cluster.map([1, 2], kernels["item"])).toHaveLength(2);
  });
});
