import { fileURLToPath } from "node:url";
import type { Task } from "../scenarios/tasks.js";
import type { Opener } from "./peer.js";

/** A fixed pool, which its documentation prefers for work that computes. */
export const poolifier: Opener = async (workers) => {
  const { FixedThreadPool } = await import("poolifier");
  const file = fileURLToPath(new URL("workers/poolifier.js", import.meta.url));
  const pool = new FixedThreadPool<Task>(workers, file);
  return { name: "poolifier", run: (task) => pool.execute(task) };
};
