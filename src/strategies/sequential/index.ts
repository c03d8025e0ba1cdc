/** The strategy `sequential`: runs a job on the calling thread. Every call may run here; nothing has to be started or placed. */
import type { StrategyDescriptor } from "../descriptor.js";
import { estimateSequential } from "./costs.js";
import { SequentialRun } from "./sequential-run.js";

export const sequential: StrategyDescriptor<"sequential"> = {
  name: "sequential",
  words: ["sequential"],
  isHere: true,
  isReserve: false,
  isolates: true,
  placesArrays: false,
  charges: {
    spawn: undefined,
    hot: "dispatchSequential",
    idle: "dispatchSequential",
    cold: "dispatchSequential",
  },
  whyUnavailable: () => undefined,
  estimate: estimateSequential,
  create: () => ({
    workers: undefined,
    run: (job, { overseer }, { assertThere }) => new SequentialRun(job, overseer, assertThere).run(),
  }),
};
