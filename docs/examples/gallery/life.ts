/**
 * Conway's Game of Life on a torus: the R-pentomino, five cells that take 1103 generations to come to rest.
 *
 * Fast because two boards in shared memory take turns inside the workers: between two generations they wait for each other, and for
 * nobody else.
 */
import type { Executor } from "sharray";
import { type Picture, png } from "./picture.js";

/** Cells row by row: 2 if one lives, 1 if it has lived before, else 0. */
export type Board = Uint8Array<SharedArrayBuffer>;

/** A board with a pattern of `#` in the middle. */
export function boardOf(
  executor: Executor,
  width: number,
  height: number,
  pattern: readonly string[],
): Board {
  const board = executor.allocate(Uint8Array, width * height);
  const top = Math.floor((height - pattern.length) / 2);
  const left = Math.floor((width - pattern[0]!.length) / 2);
  for (const [y, line] of pattern.entries()) {
    for (const [x, cell] of [...line].entries()) {
      if (cell === "#") board[(top + y) * width + left + x] = 2;
    }
  }
  return board;
}

/** The board after so many generations. Left and right edge touch, and so do top and bottom. */
export function life(executor: Executor, board: Board, width: number, generations: number): Promise<Board> {
  const height = board.length / width;
  return executor.iterateShared(
    board,
    (board, next, { start, end }) => {
      for (let y = start; y < end; y++) {
        const above = ((y || height) - 1) * width;
        const own = y * width;
        const below = (y + 1 === height ? 0 : y + 1) * width;
        for (let x = 0; x < width; x++) {
          const left = (x || width) - 1;
          const right = x + 1 === width ? 0 : x + 1;
          const neighbours =
            (board[above + left]! >> 1) +
            (board[above + x]! >> 1) +
            (board[above + right]! >> 1) +
            (board[own + left]! >> 1) +
            (board[own + right]! >> 1) +
            (board[below + left]! >> 1) +
            (board[below + x]! >> 1) +
            (board[below + right]! >> 1);
          const cell = board[own + x]!;
          const lives = neighbours === 3 || (neighbours === 2 && cell === 2);
          next[(y - start) * width + x] = lives ? 2 : Math.min(cell, 1);
        }
      }
    },
    // On a torus the first row is a neighbour of the last one: each task sees the whole board.
    { passes: generations, rowLength: width, halo: height },
  );
}

export function population(board: Board): number {
  return board.filter((cell) => cell === 2).length;
}

export const R_PENTOMINO = [".##", "##.", ".#."];

export default async function draw(executor: Executor): Promise<Picture> {
  // So wide that what flies off, a quarter of a cell per generation, does not come round.
  const size = 600;
  const board = await life(executor, boardOf(executor, size, size, R_PENTOMINO), size, 1103);
  console.log(`${population(board)} cells live after 1103 generations`);
  return png(board, size, [
    [10, 10, 30],
    [40, 70, 150],
    [255, 230, 120],
  ]);
}
