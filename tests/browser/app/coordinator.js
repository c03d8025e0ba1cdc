// A worker whose executor serves the page.
import { ParallelExecutor } from "sharray";
import { serveExecutor } from "sharray/bridge";

const createWorker = () => new Worker(new URL("./pool-worker.js", import.meta.url), { type: "module" });

self.addEventListener(
  "message",
  ({ data }) => serveExecutor(new ParallelExecutor({ ...data, createWorker }), self),
  { once: true },
);
