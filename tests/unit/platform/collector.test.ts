import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { collectGarbage } from "../../../src/platform/collector.js";

it("the collector is found though other threads look for it at the same time", {
  timeout: 60_000,
}, async () => {
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  // Sets the flag and takes it away again, as whoever looks does, all the time.
  const others = [1, 2].map(
    () =>
      new Worker(
        `const { setFlagsFromString } = require("node:v8");
        const { workerData } = require("node:worker_threads");
        while (Atomics.load(workerData, 0) === 0) {
          setFlagsFromString("--expose-gc");
          setFlagsFromString("--no-expose-gc");
        }`,
        { eval: true, workerData: isOver },
      ),
  );
  await Promise.all(others.map((other) => new Promise((resolve) => other.once("online", resolve))));
  let isGone = false;
  const registry = new FinalizationRegistry<void>(() => {
    isGone = true;
  });
  (() => registry.register({}))();
  for (let tries = 0; tries < 1000 && !isGone; tries++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(isOver, 0, 1);
  await Promise.all(others.map((other) => new Promise((resolve) => other.once("exit", resolve))));
  expect(isGone).toBe(true);
  expect(collectGarbage()).toBe(true);
  expect("gc" in globalThis).toBe(false);
});
