/** The memory and kernels that a worker has, and what the next wake-up tells it to let go. */
import { RecentMap } from "../../platform/recent-map.js";
import { KnownMemory } from "./known-memory.js";

// A kernel takes some KB of a worker's heap. Loading it anew takes 0.1 to 0.3 ms (Node 20).
const MOST_KERNELS = 200;

export class WorkerKnowledge {
  readonly memory: KnownMemory;
  /** Kernels that were not used for long. */
  readonly #oldKernels: number[] = [];
  readonly #kernels = new RecentMap<number, true>(MOST_KERNELS, (forgotten) => {
    this.#oldKernels.push(...forgotten);
  });

  /** As of its memory. */
  constructor(...memory: ConstructorParameters<typeof KnownMemory>) {
    this.memory = new KnownMemory(...memory);
  }

  lacksKernel(id: number): boolean {
    return this.#kernels.get(id) !== true;
  }

  /** @returns whether the worker lacks the kernel. From then on it counts as knowing it */
  meetKernel(id: number): boolean {
    if (!this.lacksKernel(id)) return false;
    this.#kernels.set(id, true);
    return true;
  }

  /** The kernels that the worker must be told now. */
  takeOldKernels(): number[] | null {
    return this.#oldKernels.length === 0 ? null : this.#oldKernels.splice(0);
  }
}
