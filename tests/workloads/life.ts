/** Life on a torus, as the gallery has it. */
import { life } from "../../docs/examples/gallery/life.js";
import { numbers, type Workload } from "./workload.js";

const [WIDTH, HEIGHT, GENERATIONS] = [40, 30, 25];
const board = Uint8Array.from(numbers(WIDTH * HEIGHT, 3), (n) => (n === 0 ? 2 : 0));
const alive = (board: Uint8Array): boolean[] => Array.from(board, (cell) => cell === 2);

export const lifeOnATorus: Workload = {
  run: async (executor) => alive(await life(executor, executor.share(board), WIDTH, GENERATIONS)),
  loop() {
    let now = alive(board);
    const at = (x: number, y: number): number =>
      now[((y + HEIGHT) % HEIGHT) * WIDTH + ((x + WIDTH) % WIDTH)] ? 1 : 0;
    for (let generation = 0; generation < GENERATIONS; generation++) {
      now = now.map((cell, i) => {
        const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
        let neighbours = -at(x, y);
        for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) neighbours += at(x + dx, y + dy);
        return neighbours === 3 || (cell && neighbours === 2);
      });
    }
    return now;
  },
  refusedBy: { processes: "reads what others have written in the one before" },
};
