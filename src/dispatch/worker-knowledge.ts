/** What a worker has of memory and kernels, and what it is to be told to let go with the next wake-up. */
import { RecentMap } from "../platform/recent-map.js";

// A kernel takes some KB of a worker's heap; to load it anew takes 0.1 to 0.3 ms (Node 20).
const MOST_KERNELS = 200;

export class WorkerKnowledge {
  /** Memory whose handle the worker has. */
  readonly #memory = new Set<number>();
  /** Memory that is gone. */
  readonly #goneMemory: number[] = [];
  /** Kernels that were not used for long. */
  readonly #oldKernels: number[] = [];
  readonly #kernels = new RecentMap<number, true>(MOST_KERNELS, (forgotten) => {
    this.#oldKernels.push(...forgotten);
  });

  /** @returns whether the worker lacks the memory, which it then is taken to know */
  meetMemory(id: number): boolean {
    if (this.#memory.has(id)) return false;
    this.#memory.add(id);
    return true;
  }

  /** The memory is gone. */
  dropMemory(id: number): void {
    if (this.#memory.delete(id)) this.#goneMemory.push(id);
  }

  /** @returns whether the worker lacks the kernel, which it then is taken to know */
  meetKernel(id: number): boolean {
    if (this.#kernels.get(id) === true) return false;
    this.#kernels.set(id, true);
    return true;
  }

  /** What is to be told now. */
  takeGoneMemory(): number[] | null {
    return takeAll(this.#goneMemory);
  }

  /** What is to be told now. */
  takeOldKernels(): number[] | null {
    return takeAll(this.#oldKernels);
  }
}

function takeAll(ids: number[]): number[] | null {
  return ids.length === 0 ? null : ids.splice(0);
}
