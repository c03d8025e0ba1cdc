/** What it costs that an executor is another thread's. */
import { Worker } from "node:worker_threads";
import { connectExecutor } from "../../../dist/bridge/index.js";
import { ParallelExecutor } from "../../../dist/index.js";
import { clock } from "../harness/contestant.js";
import { postMessageEcho } from "../limits/echo.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const LOCAL = "job of this thread's executor";
const BRIDGED = "job of another thread's";
const ASKED = "the same, asked for by bare messages";
const HOPS = "postMessage round trip";

export const bridgedJob: Duel = {
  name: "Hot job of two tiny tasks, on this thread's executor and over the bridge",
  reference: LOCAL,
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const echo = postMessageEcho(HOPS);
    const host = new Worker(new URL("bridge-host.js", import.meta.url));
    const client = await connectExecutor(host);
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
      clock(ASKED, ask),
      ...echo.contestants,
    ];
    const close = async (): Promise<void> => {
      client.close();
      await Promise.all([executor.shutdown(), echo.close(), host.terminate()]);
    };
    return { contestants, close };
  },
  // What it costs more, in messages there and back.
  figures: (times) => {
    const [local = [], hops = []] = [times.get(LOCAL), times.get(HOPS)];
    return (times.get(BRIDGED) ?? []).map((ms, i) => (ms - (local[i] as number)) / (hops[i] as number));
  },
};
