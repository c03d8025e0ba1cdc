/** What a mutation is: the protocol broken on purpose, in one place. */
import type { Protocol } from "./protocol.js";
import type { Bounds } from "./state.js";

export interface Mutation {
  readonly name: string;
  /** Why it is wrong. */
  readonly why: string;
  /** The property that breaks. */
  readonly breaks: "result" | "once" | "recycle" | "race" | "hang" | "abort" | "retries" | "bound";
  /** Bounds in which it does; what is left out is as in `SMALL`. */
  readonly bounds: Partial<Bounds>;
  readonly protocol: Protocol;
}

/** Two workers, two tasks, claims of one, and nothing goes wrong. */
export const SMALL: Bounds = {
  workers: 2,
  tasks: 2,
  sizes: [1],
  posting: 0,
  failing: 0,
  hanging: 0,
  deaths: 0,
  kills: 0,
  maxRetries: 1,
  aborts: false,
  isShort: false,
  breaks: false,
  window: 0,
  stalls: false,
};
