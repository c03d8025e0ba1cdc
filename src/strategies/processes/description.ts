/** What plans and options must know of the strategy `processes`. */
import { whyNoProcesses } from "../../platform/runtime.js";
import type { StrategyDescriptor } from "../descriptor.js";
import { estimateProcesses } from "./costs.js";

export const description: Omit<StrategyDescriptor<"processes">, "create"> = {
  name: "processes",
  words: ["processes", "joblib"],
  isHere: false,
  isReserve: true,
  isolates: true,
  placesArrays: false,
  charges: {
    spawn: "spawnProcess",
    hot: "dispatchProcess",
    idle: "dispatchProcessIdle",
    cold: "dispatchProcessCold",
  },
  whyUnavailable: whyNoProcesses,
  estimate: estimateProcesses,
};
