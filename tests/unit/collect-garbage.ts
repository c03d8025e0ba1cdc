import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Collects garbage until `done`, giving finalizers their turns. Gives up after many rounds, never by the clock. */
export async function collectGarbageUntil(done: () => boolean): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    if (done()) return true;
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done();
}
