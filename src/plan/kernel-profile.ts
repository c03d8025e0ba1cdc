/** What kernels were measured to cost, so that the second call knows more than the first. */

// Each run counts a third: a change of the data shows within a few calls, one outlier does not decide.
const WEIGHT = 1 / 3;
// Programs that generate kernels must not grow for ever.
const MAX_KERNELS = 10_000;

export class KernelProfiles {
  readonly #costs = new Map<number, number>();

  /** Milliseconds per byte of payload of a kernel; undefined for an unknown one. */
  costPerByte(kernel: number): number | undefined {
    return this.#costs.get(kernel);
  }

  /** Notes that a kernel spent `busy` milliseconds on `bytes` of payload. */
  learn(kernel: number, bytes: number, busy: number): void {
    if (bytes === 0) return;
    if (this.#costs.size >= MAX_KERNELS) this.#costs.clear();
    const measured = busy / bytes;
    const known = this.#costs.get(kernel) ?? measured;
    this.#costs.set(kernel, known + WEIGHT * (measured - known));
  }
}
