/** What a worker has of memory and kernels, and what it is to be told to let go with the next wake-up. */
import { RecentMap } from "../../platform/recent-map.js";
import { KnownMemory } from "./known-memory.js";

// A kernel takes some KB of a worker's heap; to load it anew takes 0.1 to 0.3 ms (Node 20).
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

  /** @returns whether the worker lacks the kernel, which it then is taken to know */
  meetKernel(id: number): boolean {
    if (!this.lacksKernel(id)) return false;
    this.#kernels.set(id, true);
    return true;
  }

  /** What is to be told now. */
  takeOldKernels(): number[] | null {
    return this.#oldKernels.length === 0 ? null : this.#oldKernels.splice(0);
  }
}
