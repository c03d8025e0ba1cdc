/**
 * A model of the passes of `iterateShared`: claims below the gate, who opens it, who waits, and what a death leaves behind. Places in
 * the source: protocol/control-block.ts, tasks/task-loop.ts, tasks/pass-loop.ts, strategies/pass-progress.ts, and
 * strategies/threads/round-runner.ts and threads-run.ts.
 */
import type { System } from "../explorer.js";
import { passCall } from "./pass-call.js";
import { callerSteps } from "./pass-caller.js";
import type { PassRules } from "./pass-rules.js";
import { workerSteps } from "./pass-worker.js";
import type { PassBounds, PassState } from "./state.js";
import { keyOf } from "./state-key.js";

export function passSystem(rules: PassRules, bounds: PassBounds): System<PassState> {
  const call = passCall(rules, bounds);
  return {
    initial: call.initial,
    steps(state) {
      const up = [...state.workers.keys()].filter((i) => state.workers[i]?.life === "up");
      return [...up.flatMap((i) => workerSteps(call, state, i)), ...callerSteps(call, state)];
    },
    key: keyOf,
    violationOf: ({ violation }) => violation,
    isEnd: ({ outcome, workers, place }) => {
      return outcome !== "open" && place === "turn" && workers.every(({ life }) => life === "gone");
    },
  };
}
