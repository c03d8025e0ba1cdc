/** The kernels that a worker has, and the built-in objects that they may change. */
import { loaderOf } from "../../../kernel/registry.js";
import type { AnyKernel } from "../../../kernel/types.js";
import type { KernelAddress } from "../../../protocol/messages.js";
import { BuiltIns } from "./built-ins.js";
import { isIntact } from "./self-check.js";

export interface LoadedKernel {
  readonly fn: AnyKernel;
  readonly stateful: boolean;
  /** Puts back built-in objects that it may have changed. `undefined` if it changes nothing. */
  readonly mend: (() => void) | undefined;
  /** Whether that is quick enough to be done before each task. */
  readonly mendsEach: boolean;
}

export class WorkerKernels {
  readonly #kernels = new Map<number, Promise<LoadedKernel>>();
  /** Kernels to let go as soon as no round is being joined: a round that came before may need one of them. */
  readonly #outdated = new Set<number>();
  /** `undefined` until the first kernel comes that could change them. */
  #builtIns: BuiltIns | undefined;
  /** The kernel whose tasks ran last. */
  #last = 0;

  add(id: number, address: KernelAddress): void {
    this.#kernels.set(id, this.#load(address));
    // The kernel has come back.
    this.#outdated.delete(id);
  }

  /** Whether none of them can have left anything behind that goes on: a timer, a promise, a port. */
  get leaveNothing(): boolean {
    return this.#builtIns === undefined;
  }

  get(id: number): Promise<LoadedKernel> {
    return this.#kernels.get(id) as Promise<LoadedKernel>;
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.#outdated.add(id);
  }

  /** No round is being joined. */
  forgetOutdated(): void {
    for (const id of this.#outdated) this.#kernels.delete(id);
    this.#outdated.clear();
  }

  /** Puts back what sharray rests on. @throws Error if that is impossible; nobody may catch it */
  mend(): void {
    this.#builtIns?.mend();
  }

  /** Puts back what any kernel rests on. @throws as `mend` */
  mendAll(): void {
    this.#builtIns?.mendAll();
  }

  /** Tasks of that kernel are about to run. They find nothing that another one has changed. @throws as `mend` */
  turnTo(id: number): void {
    if (id !== this.#last) this.mendAll();
    this.#last = id;
  }

  async #load(address: KernelAddress): Promise<LoadedKernel> {
    const loader = loaderOf(address);
    const runsCode = loader.runsCode(address);
    const mayChange = runsCode || address.lingers;
    if (mayChange) this.#builtIns ??= new BuiltIns();
    const fn = await loader.load(address);
    // Changes that a module makes when it is imported stay, because libraries count on them. If nothing works with them, they
    // are undone.
    if (runsCode && this.#builtIns?.areWhole() === false) {
      if (isIntact()) this.#builtIns = new BuiltIns();
      else this.#builtIns.mendAll();
    }
    const mendsEach = mayChange && this.#builtIns?.isQuick === true;
    const { stateful } = address;
    return { fn, stateful, mend: mayChange ? () => this.mend() : undefined, mendsEach };
  }
}
