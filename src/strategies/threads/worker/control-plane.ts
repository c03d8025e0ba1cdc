// biome-ignore-all assist/source/organizeImports: the first import must be evaluated before threads.js is.
/** What threads.js does in a worker: it makes the worker a thread that the pool can end after its output has come. */
import { removeAddedListeners } from "./listeners-before.js";
import { expose } from "threads/worker";

removeAddedListeners();

export function exposeControl(): void {
  expose({
    /** Settles when what kernels have written to the console is with the program. */
    async flush(): Promise<void> {
      await Promise.all([process.stdout, process.stderr].map(written));
    },
  });
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}
