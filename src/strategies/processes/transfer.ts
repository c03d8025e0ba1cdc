/** What all children of a pool have in common: the transit file, and what goes through it. */
import { Feeder } from "./feeder.js";
import { Rounds } from "./rounds.js";
import { Transit } from "./transit.js";

export class Transfer {
  readonly transit = new Transit();
  readonly feeder = new Feeder(this.transit);
  readonly rounds = new Rounds(this.transit);
  #children = 0;

  childStarted(): void {
    this.#children += 1;
  }

  /** The memory of the file is for children. */
  childEnded(): void {
    this.#children -= 1;
    if (this.#children === 0) this.transit.trim();
  }
}
