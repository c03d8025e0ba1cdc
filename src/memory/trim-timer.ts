import { clearTimeout, setTimeout } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { unref } from "../platform/runtime.js";

/** Has regions let go that nobody needed for some time. It keeps no process alive. */
export class TrimTimer {
  readonly #timeout: number | undefined;
  readonly #trim: (oldest: number) => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param timeout milliseconds; `undefined` if idle regions stay
   * @param trim lets regions go that are idle since `oldest` or longer, and says whether others are left
   */
  constructor(timeout: number | undefined, trim: (oldest: number) => boolean) {
    this.#timeout = timeout;
    this.#trim = trim;
  }

  /** There are idle regions. */
  start(): void {
    const timeout = this.#timeout;
    if (timeout === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#trim(clock() - timeout)) this.start();
    }, timeout);
    unref(this.#timer);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
