import type { Task } from "../scenarios/tasks.js";
import type { Opener } from "./peer.js";

/** Its own pool over its own workers; the engine uses its threads, but never this queue. */
export const threadsJs: Opener = async (workers) => {
  const { Pool, spawn, Worker } = await import("threads");
  type Thread = (task: Task) => Promise<unknown>;
  const pool = Pool(() => spawn<Thread>(new Worker("./workers/threads-js.js")), workers);
  return {
    name: "threads.js",
    run: async (task) => pool.queue((thread) => thread(task)),
  };
};
