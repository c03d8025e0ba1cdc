/**
 * A model of the passes of `iterateShared`: claims below the gate, who opens it, who waits, and what a death leaves behind. Places in
 * the source: protocol/control-block.ts, tasks/task-loop.ts, tasks/pass-loop.ts, strategies/pass-progress.ts, and
 * strategies/threads/round-runner.ts and threads-run.ts.
 */
import type { Step, System } from "../explorer.js";
import { FRESH, type PassBounds, type PassState, type PassWorker, type WorkerPlace } from "./state.js";

/** Decisions that mutations replace. */
export interface PassRules {
  /** pass-loop.ts, PassLoop.#isThrough: has the pass ended whose gate was seen? */
  hasEnded(state: PassState, gate: number): boolean;
  /** pass-loop.ts, PassLoop.#end: does no pass follow this one, from 1? */
  isDone(exceeded: number, pass: number): boolean;
  /** Whether whoever opens the gate says so. */
  readonly tellsOpening: boolean;
  /** control-block.ts, ControlBlock.lowerLimit: whether whoever lowers the limit says so. */
  readonly tellsLimit: boolean;
  /** round-runner.ts, RoundRunner.lost: whether others are made to leave after a loss. */
  readonly cuts: boolean;
  /** control-block.ts, ControlBlock.cutAtGate: whether they are told even if the limit was that low already. */
  readonly tellsCut: boolean;
  /** Whether a worker looks for news before it looks at the gate. */
  readonly newsFirst: boolean;
  /** pass-progress.ts, PassProgress.begin: what a round takes over of the last one. */
  carried(exceeded: number): number;
  /** round-runner.ts, RoundRunner.lookForEnd: is it over for good once all that may start has ended? */
  isOver(state: PassState): boolean;
  /** pass-progress.ts, PassProgress.left: the chunks that a pass, from 0, still needs. */
  isLeft(done: number, pass: number): boolean;
}

export const passRules: PassRules = {
  hasEnded: ({ ended }, gate) => ended === gate,
  isDone: (exceeded, pass) => exceeded < pass,
  tellsOpening: true,
  tellsLimit: true,
  cuts: true,
  tellsCut: true,
  newsFirst: true,
  carried: (exceeded) => exceeded,
  isOver: ({ hasLost }) => !hasLost,
  isLeft: (done, pass) => done === pass,
};

const AT_A_TASK = ["run", "exceed", "mark"];

export function passSystem(rules: PassRules, bounds: PassBounds): System<PassState> {
  const { chunks, passes, sizes, exceeding, failing } = bounds;
  const all = Array.from({ length: chunks }, (_, chunk) => chunk);
  const exceeds = (pass: number, chunk: number): boolean =>
    exceeding?.includes(pass) === true && chunk === chunks - 1;
  const fails = (pass: number, chunk: number): boolean => failing?.[0] === pass && failing[1] === chunk;
  // What must come of it: the passes that every chunk has been through.
  let expected = 1;
  while (expected < passes && (exceeding === undefined || exceeding.includes(expected - 1))) expected += 1;
  const mustFail = failing !== undefined && failing[0] < expected;

  const whereIs = ({ first, rest }: PassState, position: number): readonly [pass: number, chunk: number] => {
    const beyond = position - rest.length;
    if (beyond < 0) return [first, rest[position] as number];
    return [first + 1 + Math.floor(beyond / chunks), beyond % chunks];
  };
  const begun = (state: PassState, first: number, rest: readonly number[]): PassState => ({
    ...state,
    next: 0,
    limit: state.hasFailed ? rest.length : rest.length + (passes - 1 - first) * chunks,
    open: 0,
    ended: 0,
    posted: 0,
    received: 0,
    gate: rest.length,
    exceeded: rules.carried(state.exceeded),
    news: 0,
    first,
    rest,
    hasLost: false,
    workers: state.workers.map(() => FRESH),
  });

  const initial = begun(
    {
      next: 0,
      limit: 0,
      open: 0,
      ended: 0,
      posted: 0,
      gate: 0,
      exceeded: 0,
      news: 0,
      first: 0,
      rest: all,
      done: all.map(() => 0),
      workers: Array.from({ length: bounds.workers }, () => FRESH),
      place: "turn",
      target: 0,
      received: 0,
      hasLost: false,
      hasFailed: false,
      outcome: "open",
      deaths: bounds.deaths,
      violation: undefined,
    },
    0,
    all,
  );

  /** `NEWS` += 1, and `Atomics.notify`. */
  const told = (state: PassState): PassState => ({
    ...state,
    news: state.news + 1,
    workers: state.workers.map((worker) =>
      worker.place === "asleep" && worker.life === "up" ? { ...worker, place: "loadNews" } : worker,
    ),
  });

  function workerSteps(state: PassState, i: number): readonly Step<PassState>[] {
    const worker = state.workers[i] as PassWorker;
    const step = (
      action: string,
      change: Partial<PassWorker>,
      next: PassState,
    ): readonly Step<PassState>[] => {
      const workers = next.workers.map((each, other) => (other === i ? { ...each, ...change } : each));
      return [{ actor: `worker ${i}`, action, state: { ...next, workers }, isProgress: true }];
    };
    const go = (action: string, change: Partial<PassWorker>, words: Partial<PassState> = {}) =>
      step(action, change, { ...state, ...words });
    const tell = (action: string, change: Partial<PassWorker>) => step(action, change, told(state));
    const { from, at, end, seenNews, seenGate } = worker;
    const [pass, chunk] = whereIs(state, at);
    switch (worker.place) {
      case "idle":
        return go("joins the round", { place: "raiseOpen" });
      case "raiseOpen":
        return go("OPEN += 1", { place: "loadNext" }, { open: state.open + 1 });
      case "loadNext":
        return go("loads NEXT", { place: "loadGate", from: state.next, at: state.next });
      case "loadGate":
        return sizes.flatMap((size) =>
          go(`loads GATE, for ${size}`, { place: "loadLimit", end: Math.min(at + size, state.gate) }),
        );
      case "loadLimit":
        return go("loads LIMIT", { place: at >= end || at >= state.limit ? "withdraw" : "swapNext" });
      case "swapNext":
        if (state.next !== at) return go("NEXT has changed", { place: "loadNext" });
        return go("claims", { place: "checkLimit" }, { next: end });
      case "withdraw":
        return go("OPEN -= 1", { place: "isExhausted" }, { open: state.open - 1 });
      case "isExhausted":
        return go("claimed all?", {
          place: state.next >= state.limit ? "left" : rules.newsFirst ? "loadNews" : "seeGate",
        });
      case "checkLimit":
        if (at < state.limit) return go("may start", { place: "run" });
        return go("skips", at + 1 < end ? { at: at + 1 } : { at: at + 1, place: "addEnded" });
      case "run": {
        const isOther = (each: PassWorker, other: number): boolean =>
          other !== i &&
          AT_A_TASK.includes(each.place) &&
          each.life === "up" &&
          whereIs(state, each.at)[0] !== pass;
        const violation = state.done.some((done) => done < pass)
          ? { property: "barrier", detail: `pass ${pass} begins before the one before has ended` }
          : state.workers.some(isOther)
            ? { property: "barrier", detail: "two passes are in progress" }
            : (state.done[chunk] as number) > pass
              ? { property: "once", detail: "a task runs that has ended" }
              : undefined;
        const place = fails(pass, chunk) ? "lowerLimit" : exceeds(pass, chunk) ? "exceed" : "mark";
        return go(`runs chunk ${chunk} of pass ${pass}`, { place }, violation && { violation });
      }
      case "exceed":
        return go("raises EXCEEDED", { place: "mark" }, { exceeded: Math.max(state.exceeded, pass + 1) });
      case "mark":
        return go(
          "marks the chunk",
          { at: at + 1, place: at + 1 < end ? "checkLimit" : "addEnded" },
          { done: state.done.map((done, other) => (other === chunk ? pass + 1 : done)) },
        );
      case "lowerLimit":
        return go(
          "fails: lowers LIMIT",
          { posted: true, place: "tellLimit" },
          { posted: state.posted + 1, limit: Math.min(state.limit, at) },
        );
      case "tellLimit": {
        const change = { at: at + 1, place: at + 1 < end ? "checkLimit" : "addEnded" } as const;
        return rules.tellsLimit ? tell("says so", change) : go("goes on", change);
      }
      case "addEnded":
        return go("ENDED += claim", { place: "subOpen" }, { ended: state.ended + end - from });
      case "subOpen":
        return go("OPEN -= 1", { place: "raiseOpen" }, { open: state.open - 1 });
      case "loadNews":
        return go("loads NEWS", { place: rules.newsFirst ? "seeGate" : "wait", seenNews: state.news });
      case "seeGate":
        return go("loads GATE", { place: "look", seenGate: state.gate });
      case "look": {
        const isThrough = Math.min(state.gate, state.limit) > state.next || state.next >= state.limit;
        return go("looks", { place: isThrough ? "raiseOpen" : "loadEnded" });
      }
      case "loadEnded": {
        const waits = rules.newsFirst ? "wait" : "loadNews";
        return go("loads ENDED", { place: rules.hasEnded(state, seenGate) ? "loadExceeded" : waits });
      }
      case "loadExceeded": {
        const ended = state.first + 1 + Math.floor((seenGate - state.rest.length) / chunks);
        const isDone = exceeding !== undefined && rules.isDone(state.exceeded, ended);
        return go("loads EXCEEDED", { place: isDone ? "stop" : "openGate" });
      }
      case "openGate":
        if (state.gate !== seenGate) return go("GATE is open", { place: "loadNews" });
        return go("opens GATE", { place: "tell" }, { gate: seenGate + chunks });
      case "stop":
        if (state.limit <= seenGate) return go("LIMIT is as low", { place: "loadNews" });
        return go("lowers LIMIT to the gate", { place: "tell" }, { limit: seenGate });
      case "tell":
        return rules.tellsOpening
          ? tell("NEWS += 1, notifies", { place: "loadNews" })
          : go("goes on", { place: "loadNews" });
      case "wait":
        return go("waits", { place: state.news === seenNews ? "asleep" : "loadNews" });
      case "asleep":
      case "left":
        return [];
    }
  }

  /** round-runner.ts, RoundRunner.lookForEnd and #lookForLoss. That what is read in turn is seen rightly is shown by the other model. */
  function looked(state: PassState): PassState {
    const { next, limit, open, posted, received, workers, hasLost, outcome } = state;
    if (outcome !== "open") return state;
    if (next >= limit && open === 0 && posted === received) {
      return rules.isOver(state) ? ended(state) : again(state);
    }
    if (workers.some(({ life }) => life !== "gone") || !(hasLost || next >= limit)) return state;
    return hasLost ? again(state) : ended(state);
  }

  /** threads-run.ts, ThreadsRun.#runRounds: another round over what is left. */
  function again(state: PassState): PassState {
    const whole = Math.min(...state.done);
    const hasConverged = exceeding !== undefined && whole > 0 && rules.isDone(state.exceeded, whole);
    const end = state.hasFailed ? (failing as readonly [number, number])[1] : chunks;
    const isOver = whole === passes || hasConverged;
    const rest = isOver
      ? []
      : all.filter((chunk) => chunk < end && rules.isLeft(state.done[chunk] as number, whole));
    if (rest.length === 0) return ended(state);
    const isAtATask = state.workers.some(({ life, place }) => life === "up" && AT_A_TASK.includes(place));
    const violation = isAtATask
      ? { property: "race", detail: "a round begins while tasks of the last one run" }
      : undefined;
    return { ...begun(state, whole, rest), violation };
  }

  function ended(state: PassState): PassState {
    const { hasFailed, done } = state;
    const isRight = hasFailed
      ? mustFail &&
        done.every(
          (passes, chunk) =>
            passes === failing[0] || (chunk < failing[1] && passes > failing[0]) || chunk > failing[1],
        )
      : !mustFail && done.every((passes) => passes === expected);
    const detail = `the call ends after ${done.join(", ")} passes${hasFailed ? " with an error" : ""}`;
    return {
      ...state,
      outcome: hasFailed ? "failed" : "resolved",
      violation: isRight ? undefined : { property: "result", detail },
    };
  }

  function callerSteps(state: PassState): readonly Step<PassState>[] {
    const steps: Step<PassState>[] = [];
    const add = (action: string, next: PassState, isProgress = true): void => {
      steps.push({ actor: "caller", action, state: next, isProgress });
    };
    const { place, workers, limit, target } = state;
    if (place === "cut") {
      const isLower = target < limit;
      const next = { ...state, limit: Math.min(limit, target) };
      if (isLower || rules.tellsCut) add("lowers LIMIT to the gate", { ...next, place: "tellCut" });
      else add("LIMIT is as low", looked({ ...next, place: "turn" }));
      return steps;
    }
    if (place === "tellCut" || place === "tellAbort") {
      const next: PassState = { ...told(state), place: "turn" };
      add("says so", place === "tellCut" ? looked(next) : next);
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
        const heard: PassState = rules.cuts ? { ...next, place: "cut", target: state.gate } : looked(next);
        add(`hears of the death of worker ${i}`, heard);
      }
      if (isUp && worker.place === "left") {
        const { posted } = worker;
        const next = { ...state, workers: become({ life: "gone" }), hasFailed: state.hasFailed || posted };
        add(
          `receives the leave of worker ${i}`,
          looked({ ...next, received: state.received + (posted ? 1 : 0) }),
        );
      }
    });
    return steps;
  }

  return {
    initial,
    steps(state) {
      const up = [...state.workers.keys()].filter((i) => state.workers[i]?.life === "up");
      return [...up.flatMap((i) => workerSteps(state, i)), ...callerSteps(state)];
    },
    key: keyOf,
    violationOf: ({ violation }) => violation,
    isEnd: ({ outcome, workers, place }) => {
      return outcome !== "open" && place === "turn" && workers.every(({ life }) => life === "gone");
    },
  };
}

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
function keyOf({ news, workers, ...words }: PassState): string {
  const each = workers.map(({ life, place, from, at, end, seenNews, seenGate, posted }) => {
    if (life !== "up") return life;
    const isAtGate = SEES_NEWS.includes(place);
    const claim = isAtGate || HAS_NO_CLAIM.includes(place) ? [] : [from, at, end];
    const gate = SEES_GATE.includes(place) ? seenGate : 0;
    return [place, ...claim, gate, isAtGate && seenNews === news, posted].join();
  });
  return JSON.stringify([words, each.sort()]);
}
