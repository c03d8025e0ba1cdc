import { check } from "./check.js";
import { scale } from "./kernels.js";

const createWorker = () => new Worker(new URL("./own-worker.js", import.meta.url), { type: "module" });

check(scale, { createWorker }).then(
  () => console.log("done"),
  (error) => console.log(`failed: ${error.stack}`),
);
