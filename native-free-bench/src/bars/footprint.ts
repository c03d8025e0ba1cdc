/** Bars over memory and over starting: every figure comes from processes that were started for it. */
import { ask } from "../harness/ask.js";
import type { Effort, Measured } from "../harness/cell.js";
import type { Contestant } from "../harness/contestant.js";
import { race, ratiosOf, rowsOf } from "../harness/race.js";
import { summarise } from "../harness/statistics.js";
import type { MemoryQuestion } from "./memory-child.js";
import type { Starter } from "./start-child.js";

const START_CHILD = new URL("start-child.js", import.meta.url);
const MEMORY_CHILD = new URL("memory-child.js", import.meta.url);

export async function poolStart({ quick, pace }: Effort): Promise<Partial<Measured>> {
  const starter = (name: Starter): Contestant => ({
    name,
    time: async () => (await ask<{ ms: number }>(START_CHILD, name)).ms,
  });
  const contestants = [starter("sharray"), starter("two bare workers"), starter("one bare worker")];
  const reference = "two bare workers";
  const times = await race(contestants, { ...pace, most: quick ? 5 : 15, warmUps: 1 });
  return {
    tables: [
      {
        title: "Pool start in a fresh process, to the first result",
        reference,
        rows: rowsOf(times, reference),
      },
    ],
    bars: [
      {
        number: 9,
        what: "pool start, two workers to first result, against bare workers",
        limit: 1.5,
        rule: "at most",
        unit: "x",
        figure: summarise(ratiosOf(times, "sharray", reference)),
      },
    ],
  };
}

/**
 * Bytes per result, over the same call with a million tasks less: what the heaps of workers grow by when they make a million
 * views of chunks is in both.
 */
export async function resultBytes({ quick }: Effort): Promise<Partial<Measured>> {
  const [many, few] = [2_000_000, 1_000_000];
  const figures: number[] = [];
  for (let round = 0; round < (quick ? 3 : 9); round += 1) {
    const more = await grown({ call: "results", units: many });
    const less = await grown({ call: "results", units: few });
    figures.push((more - less) / (many - few));
  }
  return {
    bars: [
      {
        number: 8,
        what: "1,000,000 more numbers as results: bytes per result",
        limit: 20,
        rule: "at most",
        unit: "bytes",
        figure: summarise(figures),
        note: "rise of the process's peak memory",
      },
    ],
  };
}

/** What a transform takes beside its payload and its outputs, as a share of the payload. */
export async function transformBytes({ quick }: Effort): Promise<Partial<Measured>> {
  const bytes = quick ? 2 ** 28 : 2 ** 30;
  const figures: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    const outputs = bytes;
    figures.push((100 * ((await grown({ call: "transform", units: bytes / 8 })) - outputs)) / bytes);
  }
  return {
    bars: [
      {
        number: 10,
        what: `memory over payload and outputs, transformShared of ${bytes / 2 ** 20} MB`,
        limit: 5,
        rule: "at most",
        unit: "%",
        figure: summarise(figures),
      },
    ],
  };
}

async function grown(question: MemoryQuestion): Promise<number> {
  return (await ask<{ grown: number }>(MEMORY_CHILD, question)).grown;
}
