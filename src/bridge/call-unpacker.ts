/** Unpacks a client's calls, and keeps what does not cross again. The host's side of `CallPacker`. */
import type { Request } from "../call/request.js";
import type { Progress } from "../call/types.js";
import { ConnectionError } from "../errors.js";
import { type Kernel, kernelAt } from "../kernel/resolve.js";
import { memoryOf } from "../memory/wasm-modules.js";
import { RecentMap } from "../platform/recent-map.js";
import { MOST_HOST_KERNELS } from "./call-packer.js";
import type { HostCall } from "./host-call.js";
import { unpackArrays, unpackItems, unpackRequest, type WireCall, type WireRequest } from "./wire.js";

export class CallUnpacker {
  /** The client's memory, as long as the client has it. There is one handle for each piece, so that workers know it again. */
  readonly #memory = new Map<number, SharedArrayBuffer>();
  /** The client's kernels, by their numbers on its side. */
  readonly #kernels = new RecentMap<number, Kernel>(MOST_HOST_KERNELS);
  #lastRequest: WireRequest | undefined;

  /**
   * @param onProgress told of the call's progress if its client wants to know
   * @throws ConnectionError if what the call rests on came with a message that was lost
   */
  unpack(wire: WireCall, call: HostCall, onProgress: (progress: Progress) => void): Request {
    const [, , kernel, address, request, items, places, outputs, handles, wantsProgress] = wire;
    if (request !== null) this.#lastRequest = request;
    if (address !== null) this.#kernels.set(kernel, kernelAt(address));
    if (handles !== null) for (const [memory, buffer] of handles) this.#memory.set(memory, memoryOf(buffer));
    const arrays = unpackArrays(places, (memory) => known(this.#memory.get(memory)));
    const inputs = arrays.length - outputs;
    return unpackRequest(known(this.#lastRequest), known(this.#kernels.get(kernel)), {
      arrays: arrays.slice(0, inputs),
      items: unpackItems(items),
      guest: { outputs: arrays.slice(inputs), lease: call.lease, onRun: (job) => call.runs(job) },
      onProgress: wantsProgress ? onProgress : undefined,
    });
  }

  /** The client has no more use for this memory. */
  forget(memory: readonly number[]): void {
    for (const id of memory) this.#memory.delete(id);
  }

  /** A message of the client was lost. It may have held the request that later calls repeat. */
  lost(): void {
    this.#lastRequest = undefined;
  }

  /** The client is gone. */
  clear(): void {
    this.#memory.clear();
  }
}

function known<V>(value: V | undefined): V {
  if (value !== undefined) return value;
  throw new ConnectionError(
    "lost",
    "Cannot run the call as the host could not read a message that came before it",
  );
}
