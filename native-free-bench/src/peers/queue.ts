/** Bars that are held against the fastest peer: one task, a queue of small ones, batches made by hand. */
import { ParallelExecutor } from "../../../dist/index.js";
import { ITEMS, THREADS } from "../bars/calls.js";
import { type Cell, type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { type Contestant, checked, clock } from "../harness/contestant.js";
import { race, ratiosOf, rowsOf, type Times } from "../harness/race.js";
import { median, summarise } from "../harness/statistics.js";
import { starts } from "../scenarios/calls.js";
import type { Task } from "../scenarios/tasks.js";
import { openPeers } from "./all.js";
import { withPatience } from "./patience.js";
import type { Peer } from "./peer.js";

type Limit = { readonly number: number; readonly what: string; readonly limit: number };

export const hotJobCell: Cell = {
  name: "2 hot job",
  processes: 5,
  measure: (effort) =>
    against(
      effort,
      { number: 2, what: "hot job of two tiny tasks: ahead of the fastest peer's one empty task", limit: 3 },
      (executor) => clock("sharray, two tasks", () => executor.map([0, 1], () => 0)),
      (peer) => [clock(`${peer.name}, one task`, () => peer.run(rootOf(0)))],
    ),
};

const ITEM_LIST = Array.from({ length: ITEMS }, (_, i) => i);
const ROOTS = ITEM_LIST.map((item) => Math.sqrt(item));
const ourMap = (executor: ParallelExecutor): Contestant =>
  checked("sharray", () => executor.map(ITEM_LIST, (item) => Math.sqrt(item)), ROOTS);

export const queueCell: Cell = {
  name: "3 queue",
  measure: (effort) =>
    against(
      effort,
      { number: 3, what: "100,000 small items through map: ahead of the fastest peer's queue", limit: 200 },
      ourMap,
      (peer) => {
        // The events of threads.js grow with the square of its queue.
        const count = peer.name === "threads.js" ? 500 : effort.quick ? 5000 : ITEMS;
        const items = ITEM_LIST.slice(0, count);
        const queue = checked(
          `${peer.name}, queue of ${count}`,
          () => Promise.all(items.map((item) => peer.run(rootOf(item)))),
          ROOTS.slice(0, count),
        );
        return [{ name: queue.name, time: async () => ((await queue.time()) * ITEMS) / count }];
      },
    ),
};

export const batchCell: Cell = {
  name: "3 batches",
  measure: (effort) =>
    against(
      effort,
      { number: 3, what: "the same: ahead of the fastest peer's best batches made by hand", limit: 20 },
      ourMap,
      (peer) =>
        [WORKERS, 8 * WORKERS].flatMap((count) => [
          batches(peer, count, "lists", (items) => items),
          batches(peer, count, "typed arrays", (items) => Float64Array.from(items)),
        ]),
    ),
};

function batches(
  peer: Peer,
  count: number,
  kind: string,
  pack: (items: readonly number[]) => readonly number[] | Float64Array,
): Contestant {
  const size = Math.ceil(ITEMS / count);
  const call = async (): Promise<number[]> => {
    const parts = await Promise.all(
      starts(ITEMS, size).map((start) => {
        const batch = pack(ITEM_LIST.slice(start, start + size));
        return peer.run({ kernel: "roots", parameters: [batch] }) as Promise<number[] | Float64Array>;
      }),
    );
    const results = new Array<number>(ITEMS);
    let at = 0;
    for (const part of parts) {
      for (let i = 0; i < part.length; i += 1) results[at + i] = part[i] as number;
      at += part.length;
    }
    return results;
  };
  return checked(`${peer.name}, ${count} ${kind}`, call, ROOTS);
}

function rootOf(item: number): Task {
  return { kernel: "tiny", parameters: [item, null, { args: { chunk: 1 } }] };
}

/** The peers' contestants against the engine's one; the figure is how far it is ahead of the fastest. */
async function against(
  { pace }: Effort,
  { number, what, limit }: Limit,
  our: (executor: ParallelExecutor) => Contestant,
  their: (peer: Peer) => Contestant[],
): Promise<Partial<Measured>> {
  const peers = await openPeers();
  const executor = new ParallelExecutor(THREADS);
  const ours = our(executor);
  const times = await race([ours, ...peers.flatMap(their).map(withPatience)], pace);
  const fastest = fastestBeside(ours.name, times);
  return {
    tables: [{ title: what, reference: ours.name, rows: rowsOf(times, ours.name) }],
    bars: [
      {
        number,
        what,
        limit,
        rule: "at least",
        unit: "x",
        figure: summarise(ratiosOf(times, fastest, ours.name)),
        note: fastest,
      },
    ],
  };
}

function fastestBeside(ours: string, times: Times): string {
  const others = [...times].filter(([name]) => name !== ours);
  others.sort(([, a], [, b]) => median(a) - median(b));
  return others[0]?.[0] as string;
}
