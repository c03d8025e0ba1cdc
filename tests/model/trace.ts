/** A counterexample as text: who did what, and the words of the control block behind it. */
import type { Found } from "./explorer.js";
import type { State } from "./state.js";

export function printTrace({ violation, trace }: Found<State>): string {
  const lines = trace.map(({ actor, action, state }, i) => {
    const { next, limit, open, posted } = state;
    const words = `NEXT ${next}  LIMIT ${limit}  OPEN ${open}  POSTED ${posted}`;
    return `${String(i + 1).padStart(3)}  ${actor.padEnd(9)} ${action.padEnd(50)} ${words}`;
  });
  return [...lines, `     ${violation.property}: ${violation.detail}`].join("\n");
}
