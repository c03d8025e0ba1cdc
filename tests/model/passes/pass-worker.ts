/** The steps of a worker: it claims below the gate, runs, opens the gate, and waits for news. */
import type { Step } from "../explorer.js";
import { AT_A_TASK, type PassCall, told } from "./pass-call.js";
import type { PassState, PassWorker } from "./state.js";

/** What worker `i` may do next. */
export function workerSteps(call: PassCall, state: PassState, i: number): readonly Step<PassState>[] {
  const { rules, bounds, exceeds, fails, whereIs } = call;
  const { chunks, sizes, exceeding } = bounds;
  const worker = state.workers[i] as PassWorker;
  const step = (action: string, change: Partial<PassWorker>, next: PassState): readonly Step<PassState>[] => {
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
