// What tests call in a page: a scenario with an executor of the page's own, of a worker's, or of a coordinator.
import { ParallelExecutor } from "sharray";
import { connectExecutor } from "sharray/bridge";
import { scenarios } from "./scenarios.js";

const places = {
  async page(name, options) {
    await using executor = new ParallelExecutor(options);
    return await scenarios[name](executor);
  },
  async dedicated(name, options) {
    const worker = new Worker(new URL("./dedicated.js", import.meta.url), { type: "module" });
    try {
      return await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ name, options });
      });
    } finally {
      worker.terminate();
    }
  },
  async coordinator(name, options) {
    const worker = new Worker(new URL("./coordinator.js", import.meta.url), { type: "module" });
    worker.postMessage(options);
    try {
      await using executor = await connectExecutor(worker);
      return await scenarios[name](executor);
    } finally {
      worker.terminate();
    }
  },
};

globalThis.run = (place, name, options) => places[place](name, options);
