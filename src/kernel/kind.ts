/** What a kind of kernel is to the rest of sharray. Each kind is a folder beside this file and a line in each half of `registry.ts`. */
import type { KernelAddress } from "../protocol/messages.js";
import type { Captured, CapturesMode } from "./captured.js";
import type { AnyKernel } from "./types.js";

/** What a call says about its kernel beside the function. */
export interface KernelUse {
  /** Whether variables of the scope around the function are copied or refused. */
  readonly captures: CapturesMode;
}

/** A function of a kind. */
export interface Addressed<A extends KernelAddress = KernelAddress> {
  readonly address: A;
  /** What it takes along; `undefined` if nothing. */
  readonly captured: Captured | undefined;
}

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
   * The address of a function of this kind; `undefined` if it is of another. A hot call asks for it, so keep the answer by
   * function: the same address object again leads to the kernel at once.
   * @throws TypeError, KernelCaptureError if the function can't be a kernel
   */
  addressOf(fn: AnyKernel, use: KernelUse): Addressed<A> | undefined;
  /** Tells the kernels of this kind apart. Two addresses have the same text only if they lead to the same function. */
  keyOf(address: A): string;
}

/** The side that runs kernels. Workers load only this half, so it must not import the other. */
export interface KernelLoader<A extends KernelAddress = KernelAddress> {
  /** Whether loading this kernel runs other code of the user, which may change built-in objects for good, as libraries do. */
  runsCode(address: A): boolean;
  /**
   * The function at an address. If a kernel takes values along, it is a function of these, which returns the kernel.
   * @throws, rejects if there is none
   */
  load(address: A): AnyKernel | Promise<AnyKernel>;
}
