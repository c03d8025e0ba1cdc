// What tests call in a page.
import * as sharray from "sharray";
import { connectExecutor } from "sharray/bridge";
import { rms, slowSum } from "./kernels.js";
import { runAll } from "./scenarios.js";

const { ParallelExecutor } = sharray;

/** Whose executor runs the scenarios. */
const places = {
  async page(options, names) {
    await using executor = new ParallelExecutor(options);
    return await runAll(executor, names);
  },

  async worker(options, names) {
    const worker = new Worker(new URL("./dedicated.js", import.meta.url), { type: "module" });
    try {
      return await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ options, names });
      });
    } finally {
      worker.terminate();
    }
  },

  async coordinator(options, names) {
    const worker = startCoordinator(options);
    try {
      using executor = await connectExecutor(worker);
      return await runAll(executor, names);
    } finally {
      worker.terminate();
    }
  },
};

function startCoordinator(options) {
  const worker = new Worker(new URL("./coordinator.js", import.meta.url), { type: "module" });
  worker.postMessage(options);
  return worker;
}

/** Workers of the pool that have the kernels of kernels.js in their bundle. */
const createWorker = () => new Worker(new URL("./pool-worker.js", import.meta.url), { type: "module" });

globalThis.app = {
  ...sharray,
  connectExecutor,
  startCoordinator,
  places,
  createWorker,
  rms,
  slowSum,
};
