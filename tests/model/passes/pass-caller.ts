/** The steps of the calling thread: it hears of deaths and leaves, cuts a pass, begins another round, and ends the call. */
import type { Step } from "../explorer.js";
import { AT_A_TASK, type PassCall, told } from "./pass-call.js";
import type { PassState, PassWorker } from "./state.js";

/** round-runner.ts, RoundRunner.lookForEnd and #lookForLoss. That what is read in turn is seen rightly is shown by the other model. */
function looked(call: PassCall, state: PassState): PassState {
  const { next, limit, open, posted, received, workers, hasLost, outcome } = state;
  if (outcome !== "open") return state;
  if (next >= limit && open === 0 && posted === received) {
    return call.rules.isOver(state) ? ended(call, state) : again(call, state);
  }
  if (workers.some(({ life }) => life !== "gone") || !(hasLost || next >= limit)) return state;
  return hasLost ? again(call, state) : ended(call, state);
}

/** threads-run.ts, ThreadsRun.#runRounds: another round over what is left. */
function again(call: PassCall, state: PassState): PassState {
  const { rules, bounds, all, begun } = call;
  const { chunks, passes, exceeding, failing } = bounds;
  const whole = Math.min(...state.done);
  const hasConverged = exceeding !== undefined && whole > 0 && rules.isDone(state.exceeded, whole);
  const end = state.hasFailed ? (failing as readonly [number, number])[1] : chunks;
  const isOver = whole === passes || hasConverged;
  const rest = isOver
    ? []
    : all.filter((chunk) => chunk < end && rules.isLeft(state.done[chunk] as number, whole));
  if (rest.length === 0) return ended(call, state);
  const isAtATask = state.workers.some(({ life, place }) => life === "up" && AT_A_TASK.includes(place));
  const violation = isAtATask
    ? { property: "race", detail: "a round begins while tasks of the last one run" }
    : undefined;
  return { ...begun(state, whole, rest), violation };
}

function ended(call: PassCall, state: PassState): PassState {
  const { bounds, expected, mustFail } = call;
  const [failedPass, failedChunk] = bounds.failing ?? [-1, -1];
  const { hasFailed, done } = state;
  const isRight = hasFailed
    ? mustFail &&
      done.every(
        (passes, chunk) =>
          passes === failedPass || (chunk < failedChunk && passes > failedPass) || chunk > failedChunk,
      )
    : !mustFail && done.every((passes) => passes === expected);
  const detail = `the call ends after ${done.join(", ")} passes${hasFailed ? " with an error" : ""}`;
  return {
    ...state,
    outcome: hasFailed ? "failed" : "resolved",
    violation: isRight ? undefined : { property: "result", detail },
  };
}

/** What the thread of the call may do next, and what may become of its workers. */
export function callerSteps(call: PassCall, state: PassState): readonly Step<PassState>[] {
  const { rules, bounds } = call;
  const steps: Step<PassState>[] = [];
  const add = (action: string, next: PassState, isProgress = true): void => {
    steps.push({ actor: "caller", action, state: next, isProgress });
  };
  const { place, workers, limit, target } = state;
  if (place === "cut") {
    const isLower = target < limit;
    const next = { ...state, limit: Math.min(limit, target) };
    if (isLower || rules.tellsCut) add("lowers LIMIT to the gate", { ...next, place: "tellCut" });
    else add("LIMIT is as low", looked(call, { ...next, place: "turn" }));
    return steps;
  }
  if (place === "tellCut" || place === "tellAbort") {
    const next: PassState = { ...told(state), place: "turn" };
    add("says so", place === "tellCut" ? looked(call, next) : next);
    return steps;
  }
  if (bounds.aborts && state.outcome === "open") {
    add("aborts", { ...state, outcome: "aborted", limit: -1, place: "tellAbort" }, false);
  }
  workers.forEach((worker, i) => {
    const become = (change: Partial<PassWorker>): readonly PassWorker[] =>
      workers.map((each, other) => (other === i ? { ...each, ...change } : each));
    const isUp = worker.life === "up";
    if (isUp && worker.place !== "left" && state.deaths > 0) {
      add(
        `worker ${i} dies`,
        { ...state, deaths: state.deaths - 1, workers: become({ life: "dead" }) },
        false,
      );
    }
    if (worker.life === "dead") {
      const next: PassState = { ...state, workers: become({ life: "gone" }), hasLost: true };
      const heard: PassState = rules.cuts
        ? { ...next, place: "cut", target: state.gate }
        : looked(call, next);
      add(`hears of the death of worker ${i}`, heard);
    }
    if (isUp && worker.place === "left") {
      const { posted } = worker;
      const next = { ...state, workers: become({ life: "gone" }), hasFailed: state.hasFailed || posted };
      add(
        `receives the leave of worker ${i}`,
        looked(call, { ...next, received: state.received + (posted ? 1 : 0) }),
      );
    }
  });
  return steps;
}
