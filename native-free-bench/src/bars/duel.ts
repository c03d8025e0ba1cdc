/**
 * A figure that comes from racing the engine against what it is measured by. Bars compare such figures with a fixed
 * limit, the gate compares them with those of an earlier version.
 */
import type { Bar, Effort, Measured } from "../harness/cell.js";
import type { Field } from "../harness/contestant.js";
import { race, rowsOf, type Times } from "../harness/race.js";
import { summarise } from "../harness/statistics.js";

export interface Duel {
  readonly name: string;
  /** Whose line in the table has the ratio 1. */
  readonly reference: string;
  /** How many there are, if that is not left to the time they take. */
  readonly rounds?: number;
  readonly open: (quick: boolean) => Promise<Field>;
  /** One figure per round. */
  readonly figures: (times: Times) => number[];
}

export type Limit = Omit<Bar, "figure">;

export async function fight(duel: Duel, { quick, pace }: Effort): Promise<Times> {
  const { contestants, close } = await duel.open(quick);
  try {
    const { rounds } = duel;
    const own = rounds === undefined ? {} : { least: rounds, most: rounds, warmUps: 1 };
    return await race(contestants, { ...pace, ...own });
  } finally {
    await close();
  }
}

/** The duel's table, and its figure beside the limit. */
export async function judge(duel: Duel, effort: Effort, limit: Limit): Promise<Partial<Measured>> {
  const times = await fight(duel, effort);
  return {
    tables: [{ title: duel.name, reference: duel.reference, rows: rowsOf(times, duel.reference) }],
    bars: [{ ...limit, figure: summarise(duel.figures(times)) }],
  };
}
