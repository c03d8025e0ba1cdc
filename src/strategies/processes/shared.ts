import { Feeder } from "./feeder.js";
import type { Shared } from "./process-slot.js";
import { Rounds } from "./rounds.js";
import { Transit } from "./transit.js";

export function newShared(): Shared {
  const transit = new Transit();
  return { transit, feeder: new Feeder(transit), rounds: new Rounds(transit) };
}
