/** How long a shutdown waits for calls in progress. */

import { checkField } from "../config/rules.js";
import { ConfigurationError, quote } from "../errors.js";
import { isRecord } from "../memory/inputs.js";
import { clearTimeout, setTimeout } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";

export interface ShutdownOptions {
  /** Milliseconds after which calls that are still in progress are aborted. Default: they run to their end. */
  readonly deadline?: number | undefined;
}

/** @throws TypeError, ConfigurationError */
export function readDeadline(options: unknown): number | undefined {
  if (!isRecord(options)) {
    throw new TypeError(
      `Cannot read the options as they must be a plain object: current value is ${quote(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (name !== "deadline") {
      throw new ConfigurationError(name, value, "left out: the option of shutdown() is deadline");
    }
  }
  const { deadline } = options as ShutdownOptions;
  if (deadline !== undefined) checkField("idleTimeout", deadline, "deadline");
  return deadline;
}

/** The earliest of the deadlines that shutdowns were given. */
export class Deadline {
  readonly #abort: (reason: DOMException) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;

  constructor(abort: (reason: DOMException) => void) {
    this.#abort = abort;
  }

  /** Sets the deadline to `ms` milliseconds from now, if that is sooner than before. */
  bringForward(ms: number): void {
    const at = clock() + ms;
    if (at >= this.#at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const text = `The call was aborted as shutdown() was given a deadline of ${ms} ms, which is over`;
      this.#abort(new DOMException(text, "AbortError"));
    }, ms);
  }

  /** Nobody waits any more. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
