/** Does work again for as long as the store says that it can't do it now: it is full, or it loads. */
import { setTimeout } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { isPassing, storeError } from "./store-errors.js";

export const RETRY_MS = 500;

export class Patience {
  readonly #timeout: number;
  /** What the store refuses now; `undefined` if nothing. */
  refusal: unknown;

  /** @param timeout milliseconds */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /**
   * @param call for which it is
   * @throws ClusterError if the time is up or the call is over; what the work throws for another reason
   */
  async until<T>(call: { readonly isOver: boolean }, work: () => Promise<T>): Promise<T> {
    const end = clock() + this.#timeout;
    for (;;) {
      try {
        const done = await work();
        this.refusal = undefined;
        return done;
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.refusal = error;
        if (clock() > end || call.isOver) throw storeError(error);
        await new Promise<void>((resolve) => {
          setTimeout(resolve, RETRY_MS);
        });
      }
    }
  }
}
