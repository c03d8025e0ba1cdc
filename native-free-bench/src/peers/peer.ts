/** A worker pool of somebody else's, used as its own documentation recommends. */
import type { Task } from "../scenarios/tasks.js";

export interface Peer {
  readonly name: string;
  readonly run: (task: Task) => Promise<unknown>;
}

/** Starts a pool of that many workers. */
export type Opener = (workers: number) => Promise<Peer>;
