/** Which states of a call are one. */
import type { PassState, WorkerPlace } from "./state.js";

const HAS_NO_CLAIM: readonly WorkerPlace[] = [
  "idle",
  "raiseOpen",
  "loadNext",
  "isExhausted",
  "asleep",
  "left",
];
const SEES_GATE: readonly WorkerPlace[] = [
  "look",
  "loadEnded",
  "loadExceeded",
  "openGate",
  "stop",
  "loadNews",
];
const SEES_NEWS: readonly WorkerPlace[] = ["seeGate", ...SEES_GATE, "wait"];

/** States that differ only in which worker is where, or in what nobody reads again, are one. Of `NEWS` it counts who saw the latest. */
export function keyOf({ news, workers, ...words }: PassState): string {
  const each = workers.map(({ life, place, from, at, end, seenNews, seenGate, posted }) => {
    if (life !== "up") return life;
    const isAtGate = SEES_NEWS.includes(place);
    const claim = isAtGate || HAS_NO_CLAIM.includes(place) ? [] : [from, at, end];
    const gate = SEES_GATE.includes(place) ? seenGate : 0;
    return [place, ...claim, gate, isAtGate && seenNews === news, posted].join();
  });
  return JSON.stringify([words, each.sort()]);
}
