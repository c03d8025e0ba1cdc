/** Packs a client's calls. Memory, kernels and an equal request that the host has from earlier calls do not cross again. */

import type { Kernel } from "../kernel/resolve.js";
import type { Place } from "../memory/placement.js";
import { handleOf, type MemoryHandle } from "../memory/wasm-modules.js";
import { RecentMap } from "../platform/recent-map.js";
import type { PackedItems } from "../protocol/items.js";
import type { KernelAddress } from "../protocol/messages.js";
import type { ClientCall } from "./client-call.js";
import {
  type Asked,
  askedBy,
  isSameRequest,
  packArrays,
  packItems,
  packRequest,
  type WireCall,
  type WireRequest,
} from "./wire.js";

/**
 * Both sides forget kernels that were not used for long. The host keeps more than the client counts on, so it has every kernel whose
 * address does not come with a call.
 */
const MOST_KERNELS = 200;
export const MOST_HOST_KERNELS = 2 * MOST_KERNELS;

export class CallPacker {
  /** Memory of which the host has a handle. */
  readonly #memory = new Set<number>();
  /** Memory among that which the host may lack after all. */
  readonly #unsure = new Set<number>();
  #kernels = new RecentMap<number, true>(MOST_KERNELS);
  #last: Asked | undefined;

  /** Packs a call, which must be sent in this order. @param items the items with which the call was made */
  pack(call: ClientCall, items: PackedItems | undefined): WireCall {
    const { id, request, holdsMemory } = call;
    const { kernel, table, options } = request;
    const places = call.places();
    return [
      id,
      holdsMemory,
      kernel.id,
      this.#address(kernel),
      this.#request(call),
      packItems(items),
      packArrays(places),
      places.length - table.arrays.length,
      this.#handles(places),
      options.onProgress !== undefined,
    ];
  }

  /** Notes that memory is gone for good. @returns whether the host has a handle of it */
  forget(memory: number): boolean {
    this.#unsure.delete(memory);
    return this.#memory.delete(memory);
  }

  /** From now on the host may lack what it was sent. */
  reset(): void {
    for (const memory of this.#memory) this.#unsure.add(memory);
    this.#kernels = new RecentMap(MOST_KERNELS);
    this.#last = undefined;
  }

  #address({ id, address }: Kernel): KernelAddress | null {
    if (this.#kernels.get(id) === true) return null;
    this.#kernels.set(id, true);
    return address;
  }

  #request({ request, spec }: ClientCall): WireRequest | null {
    const asked = askedBy(request, spec);
    const isSame = this.#last !== undefined && isSameRequest(asked, this.#last);
    this.#last = asked;
    return isSame ? null : packRequest(asked);
  }

  #handles(places: readonly Place[]): Map<number, MemoryHandle> | null {
    let handles: Map<number, MemoryHandle> | null = null;
    for (const { memory, buffer } of places) {
      if (this.#memory.has(memory) && !this.#unsure.delete(memory)) continue;
      this.#memory.add(memory);
      handles ??= new Map();
      handles.set(memory, handleOf(buffer));
    }
    return handles;
  }
}
