/** The calls of a `ClusterExecutor`. What the cluster can't run is refused before anything is sent. */
import type { CallHeader } from "../call/call-record.js";
import { Calls } from "../call/calls.js";
import type { Outcome } from "../call/outcome.js";
import type { Request } from "../call/request.js";
import type { StreamedResult } from "../call/types.js";
import { ClusterError } from "../errors.js";
import type { ModuleAddress } from "../kernel/module/address.js";
import { moduleOf } from "../memory/wasm-modules.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import type { Plan } from "../strategies/registry.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";

export class ClusterCalls extends Calls {
  override explain(request: Request): Plan {
    assertRunnable(request);
    return super.explain(request);
  }

  override run(request: Request, buffer?: StreamBuffer, ownSignal?: AbortSignal): MaybePromise<Outcome> {
    assertRunnable(request);
    return super.run(request, buffer, ownSignal);
  }

  override stream(read: () => Request, source?: object): AsyncIterable<StreamedResult<unknown>> {
    if (source !== undefined) {
      refuse(
        "read a source",
        "nodes keep arrays that they have read, and a source has no end: give each batch to mapShared()",
      );
    }
    return super.stream(read);
  }

  override runPasses<T>(
    header: CallHeader,
    inputs: Request["table"],
    tasks: number,
    passes: (run: (request: Request) => MaybePromise<Outcome>) => Promise<T>,
  ): Promise<T> {
    return super.runPasses(header, inputs, tasks, (run) =>
      passes((request) => {
        assertRunnable(request);
        return run(request);
      }),
    );
  }
}

/** Calls that nodes know how to run. A new call of executors is refused until it is in this list. */
const CALLS: ReadonlySet<string> = new Set([
  ...["mapShared", "transformShared", "reduceShared", "map", "mapInto"],
  ...["collectShared", "streamShared"],
]);

/** @throws ClusterError with the reason "refused" */
function assertRunnable({ call, kernel, spec, outputs, table, options }: Request): void {
  // Nothing is sent if the calling thread is asked for.
  if ((options.strategy as string | undefined) === "sequential") return;
  if (spec.passes !== undefined) {
    refuse(
      "go over a state in passes",
      "each pass reads what other nodes have written in the one before: run it on one machine",
    );
  }
  if (call === "submit") {
    refuse(
      "run single jobs",
      "a node is given many tasks at a time, which can't be ranked anew or cancelled one by one: use map(), or an executor of this machine",
    );
  }
  if (!CALLS.has(call))
    refuse(`run ${call}()`, "nodes do not know that call: use an executor of this machine");
  const name = kernel.name === "" ? "the kernel" : `kernel "${kernel.name}"`;
  if (kernel.address.kind !== "module") {
    refuse(
      `run ${name}`,
      "nodes run kernels of their own modules alone, no text: export it from a module with defineKernel()",
    );
  }
  if (!(kernel.address as ModuleAddress).url.startsWith("file:")) {
    refuse(`run ${name}`, "its module must be a file");
  }
  if (options.writable !== undefined) {
    refuse(
      "write arrays of yours",
      'nodes have copies of them: leave out "writable", and return values or write outputs',
    );
  }
  if (spec.writesOwn === true || outputs?.arrays.some(({ own }) => own !== undefined) === true) {
    refuse(
      "write into an array of yours",
      "nodes have copies of it: name a kind of output, and copy what you get",
    );
  }
  if (table.arrays.some(({ buffer }) => moduleOf(buffer) !== undefined)) {
    refuse(
      "send a WebAssembly.Module",
      "nodes share no compiled code: pass its bytes, and compile them in the kernel",
    );
  }
}

function refuse(what: string, why: string): never {
  throw new ClusterError("refused", `Cannot ${what} on a cluster as ${why}`);
}
