/** Sets a breakpoint in a kernel, as a debugger does, and replays the task that failed. */
import { Session } from "node:inspector";
import { ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
function kernel(x) {
  if (x === 2) throw new RangeError("two");
  return x;
}

const error = await executor.map([1, 2, 3], kernel).catch((error) => error);
await executor.shutdown();
const session = new Session();
session.connect();
session.post("Debugger.enable");
let hits = 0;
let name;
session.on("Debugger.paused", ({ params }) => {
  hits += 1;
  name = params.callFrames[0].functionName;
});
const lineNumber = Number(/breakpoint\.mjs:(\d+)/.exec(error.cause.stack)[1]) - 1;
session.post("Debugger.setBreakpointByUrl", { lineNumber, url: import.meta.url });
const { message } = await executor.replay(error).catch((thrown) => thrown);
session.disconnect();
tell({ hits, function: name, message });
