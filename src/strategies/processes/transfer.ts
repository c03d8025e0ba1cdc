/** What all children of a pool have in common: the transit file, and what goes through it. */
import { Feeder } from "./feeder.js";
import { Rounds } from "./rounds.js";
import { Transit } from "./transit.js";

export class Transfer {
  readonly transit = new Transit();
  readonly feeder = new Feeder(this.transit);
  readonly rounds = new Rounds(this.transit);
  readonly #onEnd: () => void;
  #children = 0;

  /** @param onEnd told when the last child has ended, and the file is closed */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  childStarted(): void {
    this.#children += 1;
  }

  childEnded(): void {
    this.#children -= 1;
    this.closeIfUnused();
  }

  closeIfUnused(): void {
    if (this.#children > 0) return;
    this.transit.close();
    this.#onEnd();
  }
}
