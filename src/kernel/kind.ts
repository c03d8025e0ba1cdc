/** What a kind of kernel is to the rest of sharray. Each kind is a folder beside this file and a line on each side of `registry.ts`. */
import type { KernelAddress } from "../protocol/messages.js";
import type { AnyKernel } from "./types.js";

/** The caller's side of a kind: recognises its functions and addresses them. */
export interface KernelKind<A extends KernelAddress = KernelAddress> {
  /** Names the kind in addresses. */
  readonly kind: string;
  /**
   * Whether the thread that passes a function runs that very function. Otherwise it loads the kernel from its address, as
   * workers do.
   */
  readonly runsAsPassed: boolean;
  /**
   * The address of a function of this kind; `undefined` if it is of another. A hot call asks for it, so keep it by function:
   * the same object again is the fastest answer.
   * @param hasShared whether the call has an option `shared`, for advice
   * @throws TypeError, KernelCaptureError if the function can't be a kernel
   */
  addressOf(fn: AnyKernel, hasShared: boolean): A | undefined;
  /** Tells the kernels of this kind apart: a text that two addresses share only if they lead to the same function. */
  keyOf(address: A): string;
}

/** The side that runs kernels. Workers load only this half, so it must not import the other. */
export interface KernelLoader<A extends KernelAddress = KernelAddress> {
  /** Whether to load a kernel runs other code of the user, which may change built-in objects for good, as libraries do. */
  readonly runsCode: boolean;
  /** The function at an address. @throws, rejects if there is none */
  load(address: A): AnyKernel | Promise<AnyKernel>;
}
