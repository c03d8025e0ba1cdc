import { fileURLToPath } from "node:url";
import type { Opener } from "./peer.js";

/** A dedicated worker file that registers methods by name. */
export const workerpool: Opener = async (workers) => {
  const { pool: create } = await import("workerpool");
  const file = fileURLToPath(new URL("workers/workerpool.js", import.meta.url));
  const pool = create(file, { workerType: "thread", minWorkers: workers, maxWorkers: workers });
  return {
    name: "workerpool",
    run: async (task) => pool.exec("runTask", [task]),
  };
};
