/** What the passes of `iterateShared` rest on, decision by decision, with the place of each in the source. */
import type { PassState } from "./state.js";

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
