import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JobQueue } from "../../../../src/call/submit/job-queue.js";
import { type Ranked, RankedQueue } from "../../../../src/call/submit/ranked-queue.js";

type Entry = { -readonly [Name in keyof Ranked]: Ranked[Name] };

/** One of the queues, with its way to rank anew. */
interface Queue {
  readonly length: number;
  readonly first: Entry | undefined;
  add(entry: Entry): void;
  remove(entry: Entry): void;
  rank(entry: Entry, priority: number): void;
}

class Heap extends RankedQueue<Entry> implements Queue {
  rank(entry: Entry, priority: number): void {
    entry.priority = priority;
    this.moved(entry);
  }
}

const QUEUES: readonly (readonly [string, () => Queue])[] = [
  ["a heap", () => new Heap()],
  ["a line and a heap", () => new JobQueue<Entry>()],
];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("add" as const), priority: fc.integer({ max: 2, min: -2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("again" as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("remove" as const), at: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("rank" as const),
      at: fc.nat(),
      priority: fc.integer({ max: 3, min: -3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("take" as const) }) },
);

const byRank = (a: Entry, b: Entry): number => b.priority - a.priority || a.order - b.order;

describe.each(QUEUES)("a queue by rank: %s", (_, make) => {
  it("always knows its first job, after jobs came, left, returned and were ranked anew", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = make();
        const inside: Entry[] = [];
        const outside: Entry[] = [];
        let order = 0;
        for (const each of steps) {
          const entry = "at" in each ? inside[each.at % Math.max(1, inside.length)] : inside[0];
          if (each.does === "add") {
            order += 1;
            const added = { priority: each.priority, order, place: -1 };
            queue.add(added);
            inside.push(added);
          } else if (each.does === "again") {
            const back = outside.splice(each.at % Math.max(1, outside.length), 1);
            for (const one of back) queue.add(one);
            inside.push(...back);
          } else if (entry !== undefined) {
            if (each.does === "rank") queue.rank(entry, each.priority);
            else {
              queue.remove(entry);
              inside.splice(inside.indexOf(entry), 1);
              outside.push(entry);
              expect(entry.place).toBe(-1);
            }
          }
          inside.sort(byRank);
          expect(queue.first).toBe(inside[0]);
          expect(queue.length).toBe(inside.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps ten thousand in order, after those before have left", () => {
    const queue = make();
    const taken: number[] = [];
    for (let order = 1; order <= 10_000; order += 1) {
      queue.add({ priority: 0, order, place: -1 });
      // The line becomes long, and its begin moves on.
      if (order % 3 === 0) taken.push(take(queue));
    }
    while (queue.length > 0) taken.push(take(queue));
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });
});

function take(queue: Queue): number {
  const first = queue.first as Entry;
  queue.remove(first);
  return first.order;
}

describe("a heap", () => {
  it("knows the priority of the second best", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 20 }),
        (priorities) => {
          const queue = new Heap();
          for (const [order, priority] of priorities.entries()) queue.add({ priority, order, place: -1 });
          const [, second = -Infinity] = [...priorities].sort((a, b) => b - a);
          expect(queue.nextPriority).toBe(second);
        },
      ),
    );
  });
});
