/** The kernels that a worker has, and what they may change of JavaScript. */
import { loaderOf } from "../../../kernel/registry.js";
import type { AnyKernel } from "../../../kernel/types.js";
import type { KernelAddress } from "../../../protocol/messages.js";
import { BuiltIns } from "./built-ins.js";
import { isIntact } from "./self-check.js";

export interface LoadedKernel {
  readonly fn: AnyKernel;
  readonly stateful: boolean;
  /** Puts back what it may have changed of JavaScript. `undefined` if it changes nothing. */
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
    // It has come back.
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

  /** Puts back what sharray rests on. @throws Error if that is impossible; nobody is to catch it */
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
    // What a module changes when it is imported stays, because libraries count on it. If nothing works with it, it goes.
    if (runsCode && this.#builtIns?.areWhole() === false) {
      if (isIntact()) this.#builtIns = new BuiltIns();
      else this.#builtIns.mendAll();
    }
    const mendsEach = mayChange && this.#builtIns?.isQuick === true;
    const { stateful } = address;
    return { fn, stateful, mend: mayChange ? () => this.mend() : undefined, mendsEach };
  }
}
