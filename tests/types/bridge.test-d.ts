/** What the compiler makes of `sharray/bridge`. Checked by `tsc -p tsconfig.json`; nothing here ever runs. */
import * as node from "node:worker_threads";
import type {
  AnyPlan,
  Executor,
  MetricsSnapshot,
  ParallelExecutor,
  Plan,
  ReadOnly,
  StreamedResult,
} from "sharray";
import { connectExecutor, type ExecutorService, type RemoteExecutor, serveExecutor } from "sharray/bridge";
import { expectTypeOf, test } from "vitest";

declare const executor: ParallelExecutor;
declare const client: RemoteExecutor;
declare const x: Float64Array;
declare const n: Int32Array;

test("endpoints: workers and ports of Node and of the web", async () => {
  expectTypeOf(serveExecutor(executor, new node.Worker(""))).toEqualTypeOf<ExecutorService>();
  serveExecutor(executor, node.parentPort!);
  serveExecutor(executor, new node.MessageChannel().port1);
  serveExecutor(executor, new Worker(""));
  serveExecutor(executor, new MessageChannel().port1, { maxCalls: 3 });
  expectTypeOf(await connectExecutor(node.parentPort!)).toEqualTypeOf<RemoteExecutor>();
  await connectExecutor(new node.Worker(""));
  await connectExecutor(new Worker(""), { timeout: 100 });
  await connectExecutor(new MessageChannel().port1);
  // @ts-expect-error parentPort is null on the main thread
  await connectExecutor(node.parentPort);
  // @ts-expect-error nothing to listen to
  serveExecutor(executor, { postMessage() {} });
  // @ts-expect-error a client is not to be served on
  serveExecutor(client, new MessageChannel().port1);
  // @ts-expect-error there is no such option
  serveExecutor(executor, new MessageChannel().port1, { limit: 3 });
  // @ts-expect-error clients are made by connectExecutor
  new RemoteExecutor();
});

test("a client's calls are typed as the executor's", async () => {
  const sums = await client.mapShared(
    { x, n },
    ({ x, n }, { args }) => {
      expectTypeOf(x).toEqualTypeOf<ReadOnly<Float64Array>>();
      expectTypeOf(n).toEqualTypeOf<ReadOnly<Int32Array>>();
      expectTypeOf(args.rate).toEqualTypeOf<number>();
      // @ts-expect-error elements are read-only
      x[0] = 1;
      return x.length;
    },
    { args: { rate: 1 } },
  );
  expectTypeOf(sums).toEqualTypeOf<number[]>();
  const { a, b } = await client.transformShared(x, { a: Float32Array, b: Int8Array }, (_x, { a, b }) =>
    a.set(b),
  );
  expectTypeOf(a).toEqualTypeOf<Float32Array<SharedArrayBuffer>>();
  expectTypeOf(b).toEqualTypeOf<Int8Array<SharedArrayBuffer>>();
  expectTypeOf(await client.map([1], (i) => [i])).toEqualTypeOf<number[][]>();
  for await (const result of client.streamShared(x, (part) => part.length)) {
    expectTypeOf(result).toEqualTypeOf<StreamedResult<number>>();
  }
  expectTypeOf(client.share({ x })).toEqualTypeOf<{ x: Float64Array<SharedArrayBuffer> }>();
  expectTypeOf(client.allocate(Int32Array, 3)).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
});

test("what the other thread has to be asked for comes as a promise", () => {
  expectTypeOf(client.explain(x, () => 0)).toEqualTypeOf<Promise<Plan>>();
  expectTypeOf(client.metrics.snapshot()).toEqualTypeOf<Promise<MetricsSnapshot>>();
  expectTypeOf(executor.explain(x, () => 0)).toEqualTypeOf<Plan>();
  expectTypeOf(executor.metrics.snapshot()).toEqualTypeOf<MetricsSnapshot>();
  // @ts-expect-error the configuration is the host's
  client.config;
  // @ts-expect-error so is the end of the executor
  client.shutdown();
});

test("code that takes either", async () => {
  const use = async (either: Executor): Promise<AnyPlan> => {
    await either.mapShared(x, (part) => part.length);
    expectTypeOf((await either.metrics.snapshot()).completed).toEqualTypeOf<number>();
    either.cancel();
    return either.explain(x, (part) => part.length);
  };
  await use(executor);
  await use(client);
});
