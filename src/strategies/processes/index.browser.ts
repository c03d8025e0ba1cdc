/** The twin of `index.ts`, for browsers: a page has no child processes, so no call ever runs. */
import type { StrategyDescriptor } from "../descriptor.js";
import type { Strategy } from "../strategy.js";
import { description } from "./description.js";

const NONE: Strategy = {
  workers: undefined,
  run: () => {
    throw new Error("A page has no child processes");
  },
};

export const processes: StrategyDescriptor<"processes"> = { ...description, create: () => NONE };
