/** What a mutation is: the protocol broken on purpose, in one place. */
import type { Protocol } from "./protocol.js";
import type { Bounds } from "./state.js";

export interface Mutation {
  readonly name: string;
  /** Why it is wrong. */
  readonly why: string;
  /** The property that breaks. */
  readonly breaks:
    | "result"
    | "once"
    | "recycle"
    | "race"
    | "hang"
    | "abort"
    | "retries"
    | "blame"
    | "partial"
    | "bound";
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
  asking: 0,
  deadly: 0,
  timeouts: false,
  deaths: 0,
  kills: 0,
  maxRetries: 1,
  mostInARow: 2,
  aborts: false,
  isShort: false,
  breaks: false,
  window: 0,
  stalls: false,
  unread: 0,
};
