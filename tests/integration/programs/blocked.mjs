/** Calls whose kernel a system call holds: each promise settles while it does. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ParallelExecutor } from "sharray";
import { reads, readsAndWrites } from "./blocked-kernels.js";
import { tell, until, workers } from "./support.mjs";

const pipe = join(tmpdir(), `sharray-blocked-${process.pid}`);
execFileSync("mkfifo", [pipe]);

/** Lets the system call return, once there is one. */
async function release() {
  await until(() => {
    try {
      closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
      return true;
    } catch ({ code }) {
      // Nobody waits at the other end.
      if (code === "ENXIO") return false;
      throw new Error(code);
    }
  }, "the system call");
}

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
const nameOf = (error) => error.name;
const ITEMS = [0, 1, 2, 3];

const ways = {
  async "time-out"() {
    const failed = await executor.map(ITEMS, reads, { args: { pipe }, timeout: 200 }).catch((error) => error);
    const after = await executor.map(ITEMS, (x) => 3 * x);
    // It holds what it was given until its thread has ended.
    const held = executor.memory().bytesInUse;
    await release();
    await until(() => executor.memory().bytesInUse === 0, "the return of its memory");
    await executor.shutdown();
    return {
      name: failed.name,
      index: failed.index,
      value: failed.partial.values.get(0),
      after,
      held: held > 0,
    };
  },

  async "time-out of one call beside another on the same worker"() {
    const single = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const blocked = single.map([1], reads, { args: { pipe }, timeout: 200 }).catch(nameOf);
    const beside = single.map(ITEMS, (x) => 3 * x);
    const seen = [await blocked, await beside];
    await release();
    await single.shutdown();
    return seen;
  },

  async "outputs in partial are never given to another call"() {
    const options = { args: { pipe }, timeout: 200, chunkSize: 1024 };
    const failed = await executor
      .transformShared(new Uint8Array(4096), Uint8Array, readsAndWrites, options)
      .catch((error) => error);
    const { outputs } = failed.partial;
    const other = await executor.transformShared(new Uint8Array(4096), Uint8Array, (_, out) => out.fill(2));
    await release();
    return {
      kept: outputs[1024],
      isOther: other.buffer !== outputs.buffer,
      sum: other.reduce((a, b) => a + b),
    };
  },

  async abort() {
    const controller = new AbortController();
    const at = executor.allocate(Int32Array, 1);
    const call = executor.map(ITEMS, reads, { args: { pipe, at }, signal: controller.signal }).catch(nameOf);
    await until(() => at[0] === 1, "the start of the task");
    controller.abort();
    const seen = await call;
    const after = await executor.map(ITEMS, (x) => 3 * x);
    await executor.shutdown();
    await release();
    return { seen, after };
  },

  async "shutdown with a deadline"() {
    const at = executor.allocate(Int32Array, 1);
    const call = executor.map(ITEMS, reads, { args: { pipe, at } }).catch(nameOf);
    await until(() => at[0] === 1, "the start of the task");
    await executor.shutdown({ deadline: 100 });
    const seen = await call;
    await release();
    await until(() => workers.alive === 0, "the end of its thread");
    return seen;
  },

  async "shutdown after a time-out"() {
    const call = await executor.map(ITEMS, reads, { args: { pipe }, timeout: 200 }).catch(nameOf);
    await executor.shutdown();
    await release();
    return call;
  },
};

tell(await ways[process.argv[2]]());
rmSync(pipe);
