/** Duels over calls of many passes: what a pass costs beside its kernel. */
import { ParallelExecutor } from "../../../dist/index.js";
import { WORKERS } from "../harness/cell.js";
import { checked } from "../harness/contestant.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const SIDE = 128;
const PASSES = 10_000;

interface Place {
  readonly before: number;
  readonly after: number;
}

/** Life on a board whose edge stays dead: rows of `SIDE` cells, and one more row on each side if there is one. */
function live(board: ArrayLike<number>, next: Uint8Array, { before, after }: Place): void {
  const side = 128;
  const rows = next.length / side;
  const cell = (i: number): number => board[i] as number;
  for (let row = before === 0 ? 1 : 0; row < rows - (after === 0 ? 1 : 0); row += 1) {
    const first = (row + before) * side;
    for (let column = 1; column < side - 1; column += 1) {
      const i = first + column;
      const above = cell(i - side - 1) + cell(i - side) + cell(i - side + 1);
      const below = cell(i + side - 1) + cell(i + side) + cell(i + side + 1);
      const neighbours = above + cell(i - 1) + cell(i + 1) + below;
      next[row * side + column] = neighbours === 3 || (neighbours === 2 && cell(i) === 1) ? 1 : 0;
    }
  }
}

function board(): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const isEdge = i < SIDE || i >= SIDE * (SIDE - 1) || i % SIDE === 0 || i % SIDE === SIDE - 1;
    return isEdge || seed >>> 30 > 0 ? 0 : 1;
  });
}

function liveAlone(start: Uint8Array): Uint8Array {
  let [state, next] = [start.slice(), start.slice()];
  for (let pass = 0; pass < PASSES; pass += 1) {
    live(state, next, { before: 0, after: 0 });
    [state, next] = [next, state];
  }
  return state;
}

/** Over the loop, shared by the workers. */
export const life: Duel = {
  name: `Life, ${SIDE}² cells, ${PASSES} passes`,
  reference: "loop",
  rounds: 7,
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const start = board();
    const shared = executor.share(start);
    const options = { passes: PASSES, halo: 1, rowLength: SIDE };
    const expected = liveAlone(start);
    return {
      contestants: [
        checked("iterateShared", () => executor.iterateShared(shared, live, options), expected),
        checked("loop", () => liveAlone(start), expected),
      ],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => {
    const loop = times.get("loop") ?? [];
    const passes = times.get("iterateShared") ?? [];
    return passes.map((ms, i) => (1000 * (ms - (loop[i] as number) / WORKERS)) / PASSES);
  },
};

/** A kernel that does nothing, over chunks as a state of a million numbers has them: all that is left is the engine's. */
export const emptyPasses: Duel = {
  name: `${PASSES} passes of an empty kernel, 64 chunks`,
  reference: "iterateShared",
  open: async () => {
    const executor = new ParallelExecutor(THREADS);
    const state = executor.share(new Uint8Array(SIDE * SIDE));
    const options = { passes: PASSES, chunkSize: (SIDE * SIDE) / 64 };
    return {
      contestants: [checked("iterateShared", () => executor.iterateShared(state, () => {}, options), state)],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => (times.get("iterateShared") ?? []).map((ms) => (1000 * ms) / PASSES),
};
