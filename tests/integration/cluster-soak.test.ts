/** Nodes, store and clients that fail all the time, while calls run: nothing is lost, doubled or hung. */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ClusterError, ParallelExecutor } from "sharray";
import type { ClusterExecutor } from "sharray/cluster";
import { expect, test } from "vitest";
import { connectTo, eventually, KERNELS, SECRET, startNode, stopNode } from "./cluster.js";
import { installed } from "./installed.js";
import { program, runNode } from "./run.js";
import { onStores, type TestRedis } from "./stores.js";

/** `SHARRAY_FAULTS=500` for a soak. */
const FAULTS = Number(process.env["SHARRAY_FAULTS"] ?? 12);
/** A call that takes longer hangs: a shard may lose its node twice, in 9 s each, and be sent five times. */
const HANGS_MS = 150_000;
const NODES = 3;
const QUEUE = "soak";

// biome-ignore lint/suspicious/noExplicitAny: kernels in JavaScript, for the nodes.
const kernels = (await import(KERNELS)) as Record<string, any>;

onStores("a cluster that is struck all the time", (start, kind) => {
  test("every call gives what one thread gives, or fails as a ClusterError whose partial results are right", {
    timeout: 3_000_000,
  }, async () => {
    await using store = await start();
    const nodes: ChildProcess[] = await Promise.all(
      Array.from({ length: NODES }, () => startNode(store, QUEUE)),
    );
    const cluster = connectTo(store, QUEUE, { timeout: 60_000 });
    const here = new ParallelExecutor({ strategy: "sequential" });
    const queue = store.queue(QUEUE);
    queue.on("error", () => {});
    let progress = 0;
    let isOver = false;
    const tally: Record<string, number> = {};
    const count = (what: string): void => {
      tally[what] = (tally[what] ?? 0) + 1;
    };

    const x = Float64Array.from({ length: 200_000 }, (_, i) => Math.sin(i));
    const items = Array.from({ length: 400 }, (_, i) => i);
    type Call = (executor: ClusterExecutor | ParallelExecutor, round: number) => Promise<unknown>;
    const calls: readonly Call[] = [
      (executor, round) => {
        // A payload of its own for each round, so that pieces are put and read all the time.
        const own = x.map((value) => value + round);
        return executor.mapShared(own, kernels["place"], {
          chunkSize: 1000,
          onProgress: ({ completed }) => {
            progress += completed > 0 ? 1 : 0;
          },
        });
      },
      (executor, round) => executor.map(items, kernels["item"], { shared: { table: x }, seed: round }),
      async (executor, round) => {
        const { y, pair } = await executor.transformShared(
          x,
          { y: Float32Array, pair: { type: Float64Array, per: 2 } },
          kernels["scale"],
          { chunkSize: 5000, args: { round } },
        );
        // Comparing arrays of this size value by value would stop everything else for seconds.
        return [y, pair].map((array) => createHash("sha256").update(array).digest("hex"));
      },
      async (executor, round) => {
        const seen: [number, unknown][] = [];
        const options = { chunkSize: 2000, args: { weight: round } };
        for await (const { index, value } of executor.streamShared(x, kernels["place"], options))
          seen.push([index, value]);
        return seen.sort(([a], [b]) => a - b);
      },
    ];

    /** Makes a call again until it gives a result, as users do. */
    async function check(call: Call, round: number): Promise<void> {
      const expected = await call(here, round);
      while (!isOver) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(new Error(`Call ${round} hangs: ${JSON.stringify(tally)}`)),
            HANGS_MS,
          );
        });
        try {
          expect(await Promise.race([call(cluster, round), late])).toEqual(expected);
          progress += 1;
          count("calls");
          return;
        } catch (error) {
          if (!(error instanceof ClusterError)) throw error;
          count(`failed as ${error.reason}`);
          for (const [index, value] of error.partial?.values ?? [])
            expect(value).toEqual((expected as unknown[])[index]);
        } finally {
          clearTimeout(timer);
        }
      }
    }

    const pick = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T;
    const replace = async (at: number, signal: NodeJS.Signals): Promise<void> => {
      await stopNode(nodes[at] as ChildProcess, signal);
      nodes[at] = await startNode(store, QUEUE);
    };
    const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const onKeys = async (strike: (key: string) => Promise<void>): Promise<void> => {
      const keys = await store.keys(QUEUE, pick(["piece", "manifest", "result", "output"]));
      if (keys.length > 0) await strike(pick(keys));
    };
    const faults: Readonly<Record<string, () => Promise<void>>> = {
      "node killed": () => replace(Math.floor(Math.random() * NODES), "SIGKILL"),
      "node ended in order": () => replace(Math.floor(Math.random() * NODES), "SIGTERM"),
      "node stopped for a moment": async () => {
        const node = pick(nodes);
        node.kill("SIGSTOP");
        await pauseFor(200);
        node.kill("SIGCONT");
      },
      "node stopped for longer than its locks": async () => {
        const node = pick(nodes);
        node.kill("SIGSTOP");
        await pauseFor(7000);
        node.kill("SIGCONT");
      },
      "bytes altered": () => onKeys((key) => store.alter(key)),
      "entry removed": () => onKeys((key) => store.remove(key)),
      "delivered twice": async () => {
        const [job] = await queue.getJobs(["waiting", "active"], 0, 0);
        if (job?.id === undefined) return;
        // As it is once the first has ended, and under another id.
        await queue.add("shard", job.data, { jobId: `${job.id}.twice`, removeOnFail: true });
        await eventually(
          "that it ended",
          async () => (await queue.getJobState(job.id as string)) === "unknown",
        );
        await queue.add("shard", job.data, { jobId: job.id, removeOnComplete: true, removeOnFail: true });
      },
      "other version": async () => {
        const folder = join(installed.project, `soak-version-${kind}`);
        mkdirSync(folder, { recursive: true });
        copyFileSync(KERNELS, join(folder, "cluster-kernels.js"));
        appendFileSync(join(folder, "cluster-kernels.js"), "\n// changed\n");
        const other = (await import(join(folder, "cluster-kernels.js"))) as typeof kernels;
        const call = connectTo(store, QUEUE);
        const error = await call.map([1], other["item"]).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ name: "ClusterError", reason: expect.stringMatching(/version|lost/) });
        await call.shutdown();
      },
      "client killed": async () => {
        const parameters = [store.url, QUEUE, SECRET, join(installed.project, "soak.txt"), "100", "5", "map"];
        await runNode([program("cluster-resume.mjs"), ...parameters], {
          onStart: (child) => setTimeout(() => child.kill("SIGKILL"), 300 + Math.random() * 700),
        });
      },
      // After a restart of PostgreSQL calls may fail for good: see docs/cluster.md.
      ...(kind === "Redis" && {
        "store restarted": () => store.restart(),
        "store full": async () => {
          const { client } = store as TestRedis;
          await client.config("SET", "maxmemory", "1mb");
          await pauseFor(300);
          await client.config("SET", "maxmemory", "0");
        },
      }),
    };

    let round = 0;
    const client = async (): Promise<void> => {
      while (!isOver) {
        round += 1;
        await check(calls[round % calls.length] as Call, round);
      }
    };
    const clients = Promise.all([client(), client()]);
    clients.catch(() => {
      isOver = true;
    });
    const names = Object.keys(faults);
    for (let i = 0; i < FAULTS && !isOver; i += 1) {
      const name = names[i % names.length] as string;
      const before = progress;
      await faults[name]?.();
      count(name);
      const struck = Date.now();
      // The rest goes on, whatever was struck.
      while (progress === before && !isOver && Date.now() - struck < HANGS_MS) await pauseFor(10);
    }
    isOver = true;
    await clients;
    console.log(`${FAULTS} faults on ${kind}: ${JSON.stringify(tally)}`);
    await queue.close();
    await cluster.shutdown();
    await here.shutdown();
    await Promise.all(nodes.map((node) => stopNode(node, "SIGKILL")));
  });
});
