/** Tests of a user's, which Vitest runs in a context of node:vm: the package has another global object there than Node's scripts. */
import { ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import { twice } from "../kernels.js";

test.each(["auto", "sequential", "threads"])("calls on %s", async (strategy) => {
  const executor = new ParallelExecutor({ maxWorkers: 2, strategy });
  expect(await executor.map([1, 2, 3], (x) => 2 * x)).toEqual([2, 4, 6]);
  expect(await executor.map([1, 2, 3], twice, { timeout: 10_000 })).toEqual([2, 4, 6]);
  const [{ x, list }] = await executor.map([1], (x) => ({ x, list: Float64Array.of(x) }));
  expect([x, ...list]).toEqual([1, 1]);
  const doubled = await executor.transformShared(
    executor.share(Float64Array.of(1, 2)),
    Float64Array,
    (view, out) => {
      for (let i = 0; i < view.length; i += 1) out[i] = 2 * view[i];
    },
  );
  expect([...doubled]).toEqual([2, 4]);
  // Of Node's own realm.
  expect(await executor.mapShared(Buffer.of(5), (view) => view[0])).toEqual([5]);
  const failing = executor.map([-1], (x) => Buffer.alloc(x));
  await expect(failing).rejects.toMatchObject({
    name: "KernelError",
    cause: { name: "RangeError", code: "ERR_OUT_OF_RANGE" },
  });
  const endless = executor.map(
    [1],
    () => {
      for (;;);
    },
    { timeout: 30 },
  );
  await expect(endless).rejects.toMatchObject({ name: "TaskTimeoutError" });
  await executor.start();
  await executor.shutdown();
});

test("calls over a bridge", async () => {
  const executor = new ParallelExecutor({ maxWorkers: 2 });
  const { port1, port2 } = new MessageChannel();
  const service = serveExecutor(executor, port1);
  const remote = await connectExecutor(port2);
  const many = Array.from({ length: 200 }, (_, i) => i);
  expect(await remote.map(many, (x) => 2 * x)).toEqual(many.map((x) => 2 * x));
  expect(await remote.map([{ x: 1 }, "two"], (x) => x)).toEqual([{ x: 1 }, "two"]);
  const failing = remote.map([-1], (x) => Buffer.alloc(x));
  await expect(failing).rejects.toMatchObject({ name: "KernelError", cause: { name: "RangeError" } });
  remote.close();
  service.close();
  for (const port of [port1, port2]) port.close();
  await executor.shutdown();
});

test("a variable that hides a global is found", async () => {
  // biome-ignore lint/suspicious/noShadowRestrictedNames: that is what is looked for
  const Math = { max: () => 7 };
  const executor = new ParallelExecutor({ strategy: "sequential" });
  expect(await executor.map([1], (x) => Math.max(x))).toEqual([7]);
  await expect(executor.map([1], (x) => Math.max(x), { captures: "error" })).rejects.toMatchObject({
    name: "KernelCaptureError",
  });
});

test("fake timers hold up nothing", async () => {
  vi.useFakeTimers();
  for (const strategy of ["auto", "sequential", "threads"]) {
    const executor = new ParallelExecutor({ maxWorkers: 2, strategy });
    const kernel = (x) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6);
      return x;
    };
    expect(await executor.map([1, 2, 3, 4], kernel)).toEqual([1, 2, 3, 4]);
    await executor.shutdown();
  }
  vi.useRealTimers();
});
