/** Connects and goes, again and again: both sides on one thread, so that all that stays would be seen here. */
import { setImmediate as nextTurn } from "node:timers/promises";
import v8, { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import { tell, until } from "./support.mjs";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
const CONNECTS = 10_000;

const executor = new ParallelExecutor({ strategy: "sequential" });
const { port1, port2 } = new MessageChannel();
const service = serveExecutor(executor, port1);
const x = new Float64Array(1000).fill(2);

async function connectOnce(i) {
  const client = await connectExecutor(port2);
  if (i % 4 === 0) {
    const out = await client.transformShared(x, Float64Array, (x, out) => out.set(x));
    if (out[999] !== 2) throw new Error(`Client ${i} got ${out[999]}`);
  } else if (i % 4 === 1) {
    // Goes in the middle of a call.
    client.map([i], async (item) => item).catch(() => {});
  }
  client.close();
}

/** @param bound MiB of heap that garbage collection is to come down to, if it can */
async function look(bound) {
  // Closing takes turns of the event loop on either side.
  await until(() => service.connections === 0, "All clients have gone");
  const heap = () => process.memoryUsage().heapUsed / 2 ** 20;
  for (let round = 0; round < 10 || (round < 50 && heap() > bound); round += 1) {
    gc();
    // V8 has one registry of finalizers at a time finish, and each client's memory has its own; what they free is for the
    // next round.
    for (let turn = 0; turn < 1000; turn += 1) await nextTurn();
  }
  // From Node 20.13 on V8 can be asked, and warns that this is new.
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  const ports = v8.queryObjects?.(MessagePort, { format: "count" }) ?? 0;
  await nextTurn();
  for (const each of listeners) process.on("warning", each);
  const resources = process
    .getActiveResourcesInfo()
    .filter((name) => name !== "Timeout" && name !== "Immediate");
  return {
    heap: heap(),
    external: process.memoryUsage().external / 2 ** 20,
    resources: resources.sort(),
    ports,
    listeners: ["message", "close", "exit"].map(
      (event) => port1.listenerCount(event) + port2.listenerCount(event),
    ),
    memory: executor.memory().bytesInUse,
  };
}

for (let i = 0; i < 1000; i += 1) await connectOnce(i);
const before = await look(0);
for (let i = 0; i < CONNECTS; i += 1) await connectOnce(i);
const after = await look(before.heap + 1);
service.close();
await executor.shutdown();
port1.close();
tell({ before, after });
