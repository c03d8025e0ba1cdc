/**
 * Explores every state that a system can reach, breadth first, each once. Exact within its bounds: states are compared
 * by their whole key, and a search that would not end throws rather than stopping short.
 */

/** What must never happen. */
export interface Violation {
  readonly property: string;
  readonly detail: string;
}

/** One step of one actor. */
export interface Step<S> {
  readonly actor: string;
  readonly action: string;
  readonly state: S;
  /** False: a fault or a wish from outside, which nobody may count on. */
  readonly isProgress: boolean;
}

export interface System<S> {
  readonly initial: S;
  steps(state: S): readonly Step<S>[];
  /** Equal for states that behave the same. */
  key(state: S): string;
  /** What the step into this state did wrong. */
  violationOf(state: S): Violation | undefined;
  /** Whether everything is done that had to be done. */
  isEnd(state: S): boolean;
}

/** A violation and a shortest way to it. */
export interface Found<S> {
  readonly violation: Violation;
  readonly trace: readonly Step<S>[];
}

export interface Exploration<S> {
  readonly states: number;
  readonly transitions: number;
  /** Steps to the farthest state. */
  readonly depth: number;
  /** `undefined` if no state that can be reached violates anything. */
  readonly found: Found<S> | undefined;
}

/** Far more than any bounds used here reach: a search beyond it is a mistake in the model. */
const MOST_STATES = 2_000_000;

export function explore<S>(system: System<S>): Exploration<S> {
  const keys: string[] = [system.key(system.initial)];
  const ids = new Map<string, number>([[keys[0] as string, 0]]);
  const parents = [-1];
  const ends: number[] = [];
  const progress: Edges = { from: [], to: [] };
  let transitions = 0;
  let depth = 0;
  const result = (found: Found<S> | undefined): Exploration<S> => ({
    states: keys.length,
    transitions,
    depth,
    found,
  });
  const traceTo = (id: number): Step<S>[] => replay(system, pathOf(id, parents, keys));

  let id = 0;
  for (let level = [system.initial]; level.length > 0; depth += 1) {
    const nextLevel: S[] = [];
    for (const state of level) {
      let goesOn = false;
      for (const step of system.steps(state)) {
        transitions += 1;
        const violation = system.violationOf(step.state);
        if (violation !== undefined) return result({ violation, trace: [...traceTo(id), step] });
        const key = system.key(step.state);
        let to = ids.get(key);
        if (to === undefined) {
          to = keys.push(key) - 1;
          if (to === MOST_STATES) throw new Error(`Cannot explore more than ${MOST_STATES} states`);
          ids.set(key, to);
          parents.push(id);
          nextLevel.push(step.state);
        }
        if (!step.isProgress) continue;
        goesOn = true;
        progress.from.push(id);
        progress.to.push(to);
      }
      if (system.isEnd(state)) ends.push(id);
      else if (!goesOn) return result({ violation: DEADLOCK, trace: traceTo(id) });
      id += 1;
    }
    level = nextLevel;
  }
  const stuck = firstWithoutEnd(keys.length, progress, ends);
  return result(stuck === -1 ? undefined : { violation: LIVELOCK, trace: traceTo(stuck) });
}

const DEADLOCK: Violation = {
  property: "hang",
  detail: "nothing can happen any more, and the call is not over",
};
const LIVELOCK: Violation = { property: "hang", detail: "no way leads from here to the end of the call" };

interface Edges {
  readonly from: number[];
  readonly to: number[];
}

/** The first state from which no end can be reached, or -1. Goes backwards from the ends. */
function firstWithoutEnd(states: number, { from, to }: Edges, ends: readonly number[]): number {
  // The edges sorted by their targets: those into state i are at offsets[i] to offsets[i + 1].
  const offsets = new Int32Array(states + 2);
  for (const target of to) offsets[target + 2] = (offsets[target + 2] as number) + 1;
  for (let i = 2; i < offsets.length; i++) {
    offsets[i] = (offsets[i] as number) + (offsets[i - 1] as number);
  }
  const sources = new Int32Array(from.length);
  to.forEach((target, i) => {
    const at = offsets[target + 1] as number;
    offsets[target + 1] = at + 1;
    sources[at] = from[i] as number;
  });
  const reaches = new Uint8Array(states);
  const pending = [...ends];
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    if (reaches[state] === 1) continue;
    reaches[state] = 1;
    pending.push(...sources.subarray(offsets[state], offsets[state + 1]));
  }
  return reaches.indexOf(0);
}

function pathOf(id: number, parents: readonly number[], keys: readonly string[]): string[] {
  const path: string[] = [];
  for (let at = id; at > 0; at = parents[at] as number) path.push(keys[at] as string);
  return path.reverse();
}

/** Walks a path again: states with the same key may differ in their actors' names, and a trace must keep to one. */
function replay<S>(system: System<S>, path: readonly string[]): Step<S>[] {
  const trace: Step<S>[] = [];
  let state = system.initial;
  for (const key of path) {
    const step = system.steps(state).find((each) => system.key(each.state) === key) as Step<S>;
    trace.push(step);
    state = step.state;
  }
  return trace;
}
