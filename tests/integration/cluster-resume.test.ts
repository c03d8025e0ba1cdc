/** A client that crashes in the middle of a call, and makes the call again: it gets what had finished. */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterExecutor, clusterStatus } from "sharray/cluster";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connectTo, eventually, KERNELS, SECRET, startNode, stopNode } from "./cluster.js";
import { type Ended, program, runNode } from "./run.js";
import { onStores, type TestStore } from "./stores.js";

// biome-ignore lint/suspicious/noExplicitAny: kernels in JavaScript, for the nodes.
const kernels = (await import(KERNELS)) as Record<string, any>;
const LONG = 120_000;
const TASKS = 200;
const MS = 10;

onStores("a cluster whose client crashes", (start) => {
  let store: TestStore;
  let folder: string;
  let nodes: ChildProcess[] = [];

  beforeAll(async () => {
    store = await start();
    folder = mkdtempSync(join(tmpdir(), "sharray-resume-"));
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => stopNode(node, "SIGKILL")));
    nodes = [];
  });
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const begin = async (queue: string, count: number): Promise<void> => {
    nodes = await Promise.all(Array.from({ length: count }, () => startNode(store, queue)));
  };
  const traces = (file: string): number[] =>
    existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1).map(Number) : [];

  /** A client that makes one call, and is killed as soon as nodes have run `until` tasks. */
  async function client(
    queue: string,
    file: string,
    call: string,
    until = Number.POSITIVE_INFINITY,
  ): Promise<Ended> {
    let isOver = false;
    const parameters = [
      program("cluster-resume.mjs"),
      store.url,
      queue,
      SECRET,
      file,
      `${TASKS}`,
      `${MS}`,
      call,
    ];
    // Its standard output says nothing before the end.
    let kill = (): void => {};
    const ended = runNode(parameters, {
      onStart: (child) => {
        kill = () => child.kill("SIGKILL");
      },
    });
    const watched = (async () => {
      while (!isOver && traces(file).length < until) await new Promise((resolve) => setTimeout(resolve, 5));
      if (!isOver) kill();
    })();
    const result = await ended;
    isOver = true;
    await watched;
    return result;
  }

  test.each([
    ["map", Array.from({ length: TASKS }, (_, i) => i / 7)],
    ["transform", Array.from({ length: 10 * TASKS }, (_, i) => 3 * i)],
  ] as const)(
    "a client that makes %s() again after SIGKILL gets each task once, and no task runs twice",
    async (call, expected) => {
      const queue = `resume-${call}`;
      const file = join(folder, call);
      await begin(queue, 2);
      for (const until of [TASKS / 4, TASKS / 2]) {
        expect(await client(queue, file, call, until)).toMatchObject({ signal: "SIGKILL", stdout: "" });
      }
      const { code, stdout, stderr } = await client(queue, file, call);
      expect([code, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toEqual(expected);
      const ran = traces(file);
      expect(new Set(ran).size).toBe(TASKS);
      // The lease outlives the client by far more than the next one takes to begin.
      expect(ran.length).toBe(TASKS);
      // All of it is there for another hour.
      const again = await client(queue, file, call);
      expect(JSON.parse(again.stdout)).toEqual(expected);
      expect(traces(file)).toHaveLength(TASKS);
    },
    LONG,
  );

  test("the same call with other args, payload or chunks is another run", async () => {
    const queue = "resume-other";
    const file = join(folder, "other");
    await begin(queue, 1);
    await using executor = connectTo(store, queue, { resume: true });
    const call = (factor: number, chunkSize: number, more: object = {}): Promise<unknown> => {
      const x = Float64Array.from({ length: 40 }, (_, i) => i * factor);
      return executor.transformShared(x, Float64Array, kernels["traceInto"], {
        chunkSize,
        args: { file, ms: 0, ...more },
      });
    };
    const ran = async (...of: Parameters<typeof call>): Promise<number> => {
      const before = traces(file).length;
      await call(...of);
      return traces(file).length - before;
    };
    expect(await ran(1, 10)).toBe(4);
    expect(await ran(1, 10)).toBe(0);
    expect(await ran(2, 10)).toBe(4);
    expect(await ran(1, 20)).toBe(2);
    expect(await ran(1, 10, { more: 1 })).toBe(4);
    await using forgetful = connectTo(store, queue);
    const x = Float64Array.from({ length: 40 }, (_, i) => i);
    const options = { chunkSize: 10, args: { file, ms: 0 } };
    await forgetful.transformShared(x, Float64Array, kernels["traceInto"], options);
    expect(traces(file)).toHaveLength(4 + 4 + 2 + 4 + 4);
  });

  test("tasks that failed run anew, and those that had ended do not", async () => {
    const queue = "resume-failed";
    await begin(queue, 1);
    await using executor = connectTo(store, queue, { resume: true });
    const file = join(folder, "failed");
    const items = Array.from({ length: 100 }, (_, i) => i);
    const call = (): Promise<unknown> => executor.map(items, kernels["failsOnce"], { args: { file } });
    await expect(call()).rejects.toMatchObject({ name: "KernelError", index: 60 });
    expect(await call()).toEqual(items);
    const ran = traces(file);
    expect(ran.filter((index) => index === 60)).toHaveLength(2);
    expect(ran.filter((index) => index === 0)).toHaveLength(1);
  });

  test(
    "two clients that make the same call at once get it both",
    async () => {
      const queue = "resume-both";
      await begin(queue, 2);
      const file = join(folder, "both");
      const ends = await Promise.all([1, 2].map(() => client(queue, file, "map")));
      for (const { stdout } of ends) expect(JSON.parse(stdout)).toHaveLength(TASKS);
      expect(ends[0]?.stdout).toBe(ends[1]?.stdout);
    },
    LONG,
  );

  test("notes that others have written are not believed", async () => {
    const queue = "resume-forged";
    await begin(queue, 1);
    const file = join(folder, "forged");
    const x = Float64Array.from({ length: 40 }, (_, i) => i);
    const call = (executor: ClusterExecutor): Promise<Float64Array> =>
      executor.transformShared(x, Float64Array, kernels["traceInto"], {
        chunkSize: 10,
        args: { file, ms: 0 },
      });
    await using executor = connectTo(store, queue, { resume: true });
    const expected = [...(await call(executor))];
    // It says that the shard of the first tasks has all of them.
    await store.renote(queue, (text) => text.replace(/"end":\d+/, '"end":4'));
    expect([...(await call(executor))]).toEqual(expected);
    await store.renote(queue, () => "nonsense");
    expect([...(await call(executor))]).toEqual(expected);
    expect((await clusterStatus({ connection: store.url, queue })).failed).toBe(0);
  });

  test(
    "a shard that two nodes ran is once in the result",
    async () => {
      const queue = "resume-stalled";
      await begin(queue, 2);
      const [first] = nodes;
      const file = join(folder, "stalled");
      const gate = join(folder, "gate");
      await using executor = connectTo(store, queue, { resume: true });
      const items = Array.from({ length: TASKS }, (_, i) => i);
      const call = (): Promise<unknown> =>
        executor.map(items, kernels["held"], { args: { file, gate, pid: first?.pid } });
      const running = call();
      await eventually("that the node has shards", async () => {
        const { nodes } = await clusterStatus({ connection: store.url, queue });
        return nodes.some(({ pid, shards }) => pid === first?.pid && shards > 0);
      });
      const [lease] = await store.keys(queue, "call");
      first?.kill("SIGSTOP");
      expect(await running).toEqual(items);
      expect(traces(file).sort((a, b) => a - b)).toEqual(items);
      // It goes on with what the other one has run meanwhile, as if somebody still waited.
      await store.put(lease as string, "1");
      writeFileSync(gate, "");
      first?.kill("SIGCONT");
      await eventually("that it has run some tasks again", async () => {
        const { nodes } = await clusterStatus({ connection: store.url, queue });
        return traces(file).length > TASKS && nodes.every(({ shards }) => shards === 0);
      });
      const ran = traces(file).length;
      expect(await call()).toEqual(items);
      expect(traces(file)).toHaveLength(ran);
    },
    LONG,
  );
});
