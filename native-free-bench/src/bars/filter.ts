/** A duel over outputs of unknown length: the rows of a table that pass a filter. */
import { ParallelExecutor } from "../../../dist/index.js";
import { checked } from "../harness/contestant.js";
import { ratiosOf } from "../harness/race.js";
import { THREADS } from "./calls.js";
import type { Duel } from "./duel.js";

const ROWS = 20_000_000;
const QUICK_ROWS = 4_000_000;

interface Table<A> {
  readonly price: A;
  readonly volume: A;
}

/** @returns how many of the rows pass: 3 % */
function select({ price, volume }: Table<ArrayLike<number>>, out: Table<Float64Array>): number {
  let count = 0;
  for (let i = 0; i < price.length; i += 1) {
    if ((price[i] as number) >= 0.03) continue;
    out.price[count] = price[i] as number;
    out.volume[count] = volume[i] as number;
    count += 1;
  }
  return count;
}

export const filter: Duel = {
  name: "Filter of two columns to 3 % of the rows",
  reference: "collectShared",
  open: async (quick) => {
    const rows = quick ? QUICK_ROWS : ROWS;
    const executor = new ParallelExecutor(THREADS);
    const table = {
      price: executor.allocate(Float64Array, rows),
      volume: executor.allocate(Float64Array, rows),
    };
    let seed = 1;
    let passing = 0;
    for (let i = 0; i < rows; i += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      table.price[i] = seed / 2 ** 32;
      table.volume[i] = i;
      if ((table.price[i] as number) < 0.03) passing += 1;
    }
    const list = ({ price, volume }: Table<Float64Array>): Float64Array[] => [price, volume];
    const loop = (): Float64Array[] => {
      const out = { price: new Float64Array(passing), volume: new Float64Array(passing) };
      select(table, out);
      return list(out);
    };
    const kinds = { price: Float64Array, volume: Float64Array };
    const expected = loop();
    return {
      contestants: [
        checked(
          "collectShared",
          async () => list(await executor.collectShared(table, kinds, select)),
          expected,
        ),
        checked("loop that knows the size", loop, expected),
      ],
      close: () => executor.shutdown(),
    };
  },
  figures: (times) => ratiosOf(times, "loop that knows the size", "collectShared"),
};
