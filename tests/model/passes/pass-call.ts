/** One call of `iterateShared`: what must come of it, its rounds, and where a position is in them. */
import type { PassRules } from "./pass-rules.js";
import { FRESH, type PassBounds, type PassState } from "./state.js";

export interface PassCall {
  readonly rules: PassRules;
  readonly bounds: PassBounds;
  readonly initial: PassState;
  /** All chunks. */
  readonly all: readonly number[];
  /** How many passes every chunk must have been through. */
  readonly expected: number;
  readonly mustFail: boolean;
  /** Whether the task returns more than the tolerance. */
  exceeds(pass: number, chunk: number): boolean;
  /** Whether the task throws. */
  fails(pass: number, chunk: number): boolean;
  whereIs(state: PassState, position: number): readonly [pass: number, chunk: number];
  /** A round begins over what is left of pass `first`. */
  begun(state: PassState, first: number, rest: readonly number[]): PassState;
}

/** Where a worker is at a task. */
export const AT_A_TASK = ["run", "exceed", "mark"];

export function passCall(rules: PassRules, bounds: PassBounds): PassCall {
  const { chunks, passes, exceeding, failing } = bounds;
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

  return { rules, bounds, initial, all, expected, mustFail, exceeds, fails, whereIs, begun };
}

/** `NEWS` += 1, and `Atomics.notify`. */
export const told = (state: PassState): PassState => ({
  ...state,
  news: state.news + 1,
  workers: state.workers.map((worker) =>
    worker.place === "asleep" && worker.life === "up" ? { ...worker, place: "loadNews" } : worker,
  ),
});
