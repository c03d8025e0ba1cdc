/** The garbage collector by hand: shared memory weighs nothing in its eyes, so it would come late or never. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// A flag of the process would reach every worker too.
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

export async function collect(): Promise<void> {
  gc();
  // Finalizers run in tasks of their own.
  await setImmediate();
  await setImmediate();
}
