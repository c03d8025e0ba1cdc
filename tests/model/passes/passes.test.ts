import { describe, expect, it, vi } from "vitest";
import { explore, type Found } from "../explorer.js";
import { type PassRules, passRules } from "./pass-rules.js";
import { passSystem } from "./passes.js";
import type { PassBounds, PassState } from "./state.js";

vi.setConfig({ testTimeout: 120_000 });

const SMALL: PassBounds = {
  workers: 2,
  chunks: 2,
  passes: 2,
  sizes: [1],
  exceeding: undefined,
  failing: undefined,
  deaths: 0,
  aborts: false,
};

function print({ violation, trace }: Found<PassState>): string {
  const lines = trace.map(({ actor, action, state }) => {
    const { next, limit, open, ended, gate, exceeded, news } = state;
    const words = `NEXT ${next} LIMIT ${limit} OPEN ${open} ENDED ${ended} GATE ${gate} EXCEEDED ${exceeded} NEWS ${news}`;
    return `${actor.padEnd(9)} ${action.padEnd(36)} ${words}`;
  });
  return [...lines, `${violation.property}: ${violation.detail}`].join("\n");
}

/** The number of states: a change that cuts the search short shows here. */
const WORLDS: readonly (readonly [name: string, states: number, bounds: Partial<PassBounds>])[] = [
  ["three passes", 3_680, { passes: 3 }],
  ["three workers, of which one has nothing to do", 26_198, { workers: 3 }],
  ["claims of one or two of three chunks", 5_012, { chunks: 3, sizes: [1, 2] }],
  ["a death", 22_617, { deaths: 1, passes: 3 }],
  ["two deaths", 22_964, { deaths: 2 }],
  ["a death among three workers", 43_983, { workers: 3, deaths: 1, chunks: 1 }],
  ["an end by the tolerance in the second of three passes", 2_472, { passes: 3, exceeding: [0] }],
  ["an end by the tolerance, a death", 12_122, { passes: 3, exceeding: [0], deaths: 1 }],
  ["a task that fails in the second pass", 1_915, { passes: 3, failing: [1, 1] }],
  ["a task that fails, a death", 8_063, { failing: [1, 0], deaths: 1 }],
  ["an abort", 21_050, { passes: 3, aborts: true }],
  ["an abort, a death", 38_542, { aborts: true, deaths: 1 }],
];

describe("the passes of iterateShared as they are built", () => {
  it.each(WORLDS)("begin one after the other, and come to the same end: %s", (_, states, bounds) => {
    const result = explore(passSystem(passRules, { ...SMALL, ...bounds }));
    expect(result.found && print(result.found)).toBeUndefined();
    expect(result.states).toBe(states);
  });
});

const MUTATIONS: readonly (readonly [
  name: string,
  breaks: string,
  rules: Partial<PassRules>,
  bounds: Partial<PassBounds>,
])[] = [
  [
    "a pass has ended when its tasks are claimed",
    "barrier",
    { hasEnded: ({ next }, gate) => next === gate },
    {},
  ],
  ["nobody says that the gate is open", "hang", { tellsOpening: false }, {}],
  ["nobody says that the limit has fallen", "hang", { tellsLimit: false }, { failing: [0, 0], passes: 3 }],
  ["a worker looks for news after it has looked at the gate", "hang", { newsFirst: false }, {}],
  ["after a loss the others go on", "hang", { cuts: false }, { deaths: 1 }],
  [
    "after a loss nobody is told if the limit is as low",
    "hang",
    { tellsCut: false },
    { deaths: 1, passes: 3, exceeding: [] },
  ],
  [
    "the next round has not heard of the tolerance",
    "result",
    { carried: () => 0 },
    { deaths: 1, passes: 3, exceeding: [0] },
  ],
  [
    "a late worker takes a later pass for its own",
    "result",
    { isDone: (exceeded, pass) => exceeded !== pass },
    { passes: 3, exceeding: [0, 1] },
  ],
  ["a round that was cut off is the end of the call", "result", { isOver: () => true }, { deaths: 1 }],
  ["a round after a loss runs all chunks of its pass", "once", { isLeft: () => true }, { deaths: 1 }],
];

describe("broken on purpose", () => {
  it.each(MUTATIONS)("%s", (_, breaks, rules, bounds) => {
    const within = { ...SMALL, ...bounds };
    expect(explore(passSystem(passRules, within)).found).toBeUndefined();
    const { found } = explore(passSystem({ ...passRules, ...rules }, within));
    expect(found?.violation.property).toBe(breaks);
  });
});
