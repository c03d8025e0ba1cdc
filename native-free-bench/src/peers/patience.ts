/** Peers that lose a task would keep the bench waiting for ever. */
import type { Contestant } from "../harness/contestant.js";

/** Ten times as long as the slowest peer that ends takes for a turn: 100,000 tasks, one by one. */
const PATIENCE_MS = 60_000;

/** A contestant that is given up when a turn of it does not end: from then on its time is infinite. */
export function withPatience({ name, time }: Contestant): Contestant {
  let isGivenUp = false;
  return {
    name,
    time: async () => {
      if (isGivenUp) return Infinity;
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<number>((resolve) => {
        timer = setTimeout(() => {
          isGivenUp = true;
          resolve(Infinity);
        }, PATIENCE_MS);
      });
      try {
        return await Promise.race([time(), patience]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
