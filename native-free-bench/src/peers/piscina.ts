/** Two of one family: a worker is a module whose default export runs a task. */
import type { Opener } from "./peer.js";

const filename = new URL("workers/default-export.js", import.meta.url).href;

export const piscina: Opener = async (workers) => {
  const { Piscina } = await import("piscina");
  const pool = new Piscina({ filename, minThreads: workers, maxThreads: workers });
  return { name: "piscina", run: (task) => pool.run(task) };
};

export const tinypool: Opener = async (workers) => {
  const { Tinypool } = await import("tinypool");
  const pool = new Tinypool({ filename, minThreads: workers, maxThreads: workers });
  return { name: "tinypool", run: (task) => pool.run(task) };
};
