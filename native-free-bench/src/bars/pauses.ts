/** Calls after a pause: both sides sleep then, and the caches hold something else. */
import { setTimeout } from "node:timers/promises";
import { ParallelExecutor } from "../../../dist/index.js";
import { type Contestant, checked } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { postMessageEcho } from "../limits/echo.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const ROUND_TRIP = "postMessage round trip";

/** @param ms of the pause before each call */
export const afterPause = (ms: number): Duel => ({
  name: `Two tiny tasks after a timer of ${ms} ms`,
  reference: ROUND_TRIP,
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    await executor.start();
    const echo = postMessageEcho(ROUND_TRIP);
    const paused = ({ name, time }: Contestant): Contestant => ({
      name,
      time: async () => {
        await setTimeout(ms);
        return time();
      },
    });
    const job = checked("job", () => executor.map([0, 1], (item) => item + 1), [1, 2]);
    return {
      contestants: [job, ...echo.contestants].map(paused),
      close: () => Promise.all([executor.shutdown(), echo.close()]),
    };
  },
  figures: (times) => ratiosOf(times, "job", ROUND_TRIP),
});
