import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue, type Lane } from "../../../src/bridge/fair-queue.js";

/** Resolves when it is the call's turn. @returns ends the call */
function enter(lane: Lane): Promise<() => void> {
  return new Promise((resolve) => lane.enter(() => resolve(() => lane.ended())));
}

/** Calls of a lane that note when they start, and are ended from outside, the first one first. */
function caller(lane: Lane, name: string, started: string[]) {
  const ends: (() => void)[] = [];
  return {
    call: async (): Promise<void> => {
      const end = await enter(lane);
      started.push(name);
      ends.push(end);
    },
    endOne: (): void => ends.shift()?.(),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a fair queue", () => {
  it("starts a client without a running call at once, even if others have many", async () => {
    const queue = new FairQueue(2);
    const started: string[] = [];
    const a = caller(queue.lane(Infinity), "a", started);
    const b = caller(queue.lane(Infinity), "b", started);
    for (let i = 0; i < 5; i++) void a.call();
    void b.call();
    void b.call();
    await settle();
    expect(started).toEqual(["a", "a", "b"]);
  });

  it("gives a free place to the client with the fewest running calls", async () => {
    const queue = new FairQueue(4);
    const started: string[] = [];
    const a = caller(queue.lane(Infinity), "a", started);
    const b = caller(queue.lane(Infinity), "b", started);
    for (let i = 0; i < 100; i++) void a.call();
    await settle();
    for (let i = 0; i < 3; i++) void b.call();
    await settle();
    expect(started).toEqual(["a", "a", "a", "a", "b"]);
    a.endOne();
    a.endOne();
    a.endOne();
    await settle();
    // Five ran; two places have come free, and both are b's, who has one where a has one.
    expect(started.slice(5)).toEqual(["b", "a"]);
  });

  it("has clients with equally many calls take turns", async () => {
    const queue = new FairQueue(1);
    const started: string[] = [];
    const callers = ["a", "b", "c"].map((name) => caller(queue.lane(Infinity), name, started));
    for (const each of callers) for (let i = 0; i < 3; i++) void each.call();
    await settle();
    for (let i = 0; i < 9; i++) {
      for (const each of callers) each.endOne();
      await settle();
    }
    expect(started).toEqual(["a", "b", "c", "a", "b", "c", "a", "b", "c"]);
  });

  it("holds a client's own limit, and starts its calls in the order in which they were made", async () => {
    const queue = new FairQueue(10);
    const lane = queue.lane(1);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    for (let i = 0; i < 3; i++) {
      void enter(lane).then((end) => {
        started.push(i);
        ends.push(end);
      });
    }
    await settle();
    expect(started).toEqual([0]);
    ends.pop()?.();
    await settle();
    expect(started).toEqual([0, 1]);
  });

  it("drops a call that is aborted while it waits", () => {
    const queue = new FairQueue(1);
    const lane = queue.lane(1);
    const started: string[] = [];
    const first = (): void => void started.push("first");
    const second = (): void => void started.push("second");
    lane.enter(first);
    lane.enter(second);
    expect(lane.withdraw(first)).toBe(false);
    expect(lane.withdraw(second)).toBe(true);
    expect(lane.withdraw(second)).toBe(false);
    lane.ended();
    expect(started).toEqual(["first"]);
    expect(lane.isWaiting).toBe(false);
    expect(lane.running).toBe(0);
  });

  it("gives a client that is gone no turn, and takes the places of its running calls back", async () => {
    const queue = new FairQueue(1);
    const gone = queue.lane(Infinity);
    const stays = queue.lane(Infinity);
    const endGone = await enter(gone);
    const endStays = await enter(stays);
    let turn = "";
    void enter(gone).then(() => {
      turn = "gone";
    });
    void enter(stays).then(() => {
      turn = "stays";
    });
    queue.remove(gone);
    endGone();
    endStays();
    await settle();
    expect(turn).toBe("stays");
  });

  it("never runs more than its places and one per client, and ends with all calls run", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ limit: fc.integer({ min: 1, max: 3 }), calls: fc.nat(8) }), {
          minLength: 1,
          maxLength: 4,
        }),
        async (places, clients) => {
          const queue = new FairQueue(places);
          let ran = 0;
          const lanes = clients.map(({ limit }) => queue.lane(limit));
          const all = clients.flatMap(({ calls, limit }, i) => {
            const lane = lanes[i] as Lane;
            return Array.from({ length: calls }, async () => {
              const end = await enter(lane);
              const running = lanes.map((each) => each.running);
              expect(lane.running).toBeLessThanOrEqual(limit);
              const beyond = running.reduce((sum, each) => sum + each, 0) - places;
              expect(beyond).toBeLessThanOrEqual(running.filter((each) => each > 0).length);
              await settle();
              ran += 1;
              end();
            });
          });
          await Promise.all(all);
          expect(ran).toBe(clients.reduce((sum, { calls }) => sum + calls, 0));
        },
      ),
      { numRuns: 30 },
    );
  });
});
