/** What it costs that an executor is another thread's. */
import { Worker } from "node:worker_threads";
import { connectExecutor } from "../../../dist/bridge/index.js";
import { ParallelExecutor } from "../../../dist/index.js";
import { WORKERS } from "../harness/cell.js";
import { clock } from "../harness/contestant.js";
import { postMessageEcho } from "../limits/echo.js";
import type { Duel } from "./duel.js";

const LOCAL = "job of this thread's executor";
const BRIDGED = "job of another thread's";
const WITHOUT_LOOK = "the same, without look";
const ASKED = "the same, asked for by bare messages";
const HOPS = "postMessage round trip";

/** How the executors on both threads are made. */
export interface BridgeHostData {
  readonly strategy: "auto" | "threads";
  readonly maxWorkers: number;
  readonly idleTimeout: number;
}

export const bridgedJob = (strategy: BridgeHostData["strategy"]): Duel => ({
  name: `Hot job of two tiny tasks, on this thread's executor and over the bridge (${strategy})`,
  reference: LOCAL,
  open: async () => {
    const config: BridgeHostData = { strategy, maxWorkers: WORKERS, idleTimeout: 3_600_000 };
    const executor = new ParallelExecutor(config);
    const echo = postMessageEcho(HOPS);
    const { client, host } = await connect(config);
    const plain = await connect(config, { SHARRAY_WITHOUT: "look" });
    let answered: (() => void) | undefined;
    host.on("message", () => answered?.());
    const ask = (): Promise<void> =>
      new Promise((resolve) => {
        answered = resolve;
        host.postMessage("job");
      });
    const contestants = [
      clock(LOCAL, () => executor.map([0, 1], () => 0)),
      clock(BRIDGED, () => client.map([0, 1], () => 0)),
      clock(WITHOUT_LOOK, () => plain.client.map([0, 1], () => 0)),
      clock(ASKED, ask),
      ...echo.contestants,
    ];
    const close = async (): Promise<void> => {
      client.close();
      plain.client.close();
      await Promise.all([executor.shutdown(), echo.close(), host.terminate(), plain.host.terminate()]);
    };
    return { contestants, close };
  },
  // What it costs more, in messages there and back.
  figures: (times) => {
    const [local = [], hops = []] = [times.get(LOCAL), times.get(HOPS)];
    return (times.get(BRIDGED) ?? []).map((ms, i) => (ms - (local[i] as number)) / (hops[i] as number));
  },
});

/** @param env read on either side, when the connection is made */
async function connect(workerData: BridgeHostData, env: Readonly<Record<string, string>> = {}) {
  const host = new Worker(new URL("bridge-host.js", import.meta.url), {
    workerData,
    env: { ...process.env, ...env },
  });
  Object.assign(process.env, env);
  const client = await connectExecutor(host);
  for (const name of Object.keys(env)) delete process.env[name];
  return { client, host };
}
