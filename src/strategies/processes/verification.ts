/** Keeps a round from ending until a child has said whether its copies of inputs have changed. */
import type { ControlBlock } from "../../protocol/control-block.js";

export class Verification {
  readonly #control: ControlBlock;
  readonly #isWanted: boolean;
  #state: "none" | "due" | "asked" = "none";

  constructor(control: ControlBlock, isWanted: boolean) {
    this.#control = control;
    this.#isWanted = isWanted;
  }

  /** The child takes part from now on. */
  begin(): void {
    if (!this.#isWanted) return;
    this.#control.divideClaim();
    this.#state = "due";
  }

  /** The child has nothing to do. @param ask asks it. @returns whether it is to stay until it has answered */
  isAwaited(ask: () => void): boolean {
    if (this.#state === "due") {
      this.#state = "asked";
      ask();
    }
    return this.#state === "asked";
  }

  /** The child has answered, or never will. */
  end(): void {
    if (this.#state !== "none") this.#control.endClaim(0);
    this.#state = "none";
  }
}
