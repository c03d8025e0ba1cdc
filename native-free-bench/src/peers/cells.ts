/** The peers on the scenarios' tasks, and the bars that are held against them. */
import { ParallelExecutor } from "../../../dist/index.js";
import { THREADS } from "../bars/calls.js";
import type { Cell, Effort, Measured } from "../harness/cell.js";
import { type Contestant, checked } from "../harness/contestant.js";
import { race, rowsOf } from "../harness/race.js";
import { callOn, loop } from "../scenarios/calls.js";
import { shareByHand } from "../scenarios/data.js";
import { type Prepared, type Scenario, scenarios } from "../scenarios/scenarios.js";
import { type Results, type Tasks, tasksOf } from "../scenarios/tasks.js";
import { openPeers } from "./all.js";
import { jacobiCell } from "./jacobi.js";
import { manyJobsCell, oneJobCell, urgentCell } from "./jobs.js";
import { withPatience } from "./patience.js";
import type { Peer } from "./peer.js";
import { batchCell, hotJobCell, queueCell } from "./queue.js";
import { youthCell } from "./youth.js";

export const cells: readonly Cell[] = [
  hotJobCell,
  queueCell,
  batchCell,
  youthCell,
  manyJobsCell,
  oneJobCell,
  urgentCell,
  jacobiCell,
  ...scenarios.map(
    (scenario): Cell => ({ name: scenario.name, measure: (effort) => measure(scenario, effort) }),
  ),
];

async function measure(scenario: Scenario, { quick, pace }: Effort): Promise<Partial<Measured>> {
  const plain = scenario.prepare(quick);
  const shared = { ...plain, arrays: shareByHand(plain.arrays) };
  const peers = await openPeers();
  const executor = new ParallelExecutor(THREADS);
  const [chunk] = scenario.chunks;
  const ours = checked(
    "sharray",
    () => callOn(executor, scenario, shared, chunk, "threads"),
    loop(scenario, shared, chunk),
  );
  const theirs = peers.flatMap((peer) => contestantsOf(peer, scenario, plain, shared));
  const contestants = [ours, ...theirs.map(withPatience)];
  const rows = rowsOf(await race(contestants, pace), ours.name);
  return { tables: [{ title: `${scenario.name}: ${scenario.about}`, reference: ours.name, rows }] };
}

function contestantsOf(peer: Peer, scenario: Scenario, plain: Prepared, shared: Prepared): Contestant[] {
  const [chunk] = scenario.chunks;
  const isEmpty = Object.keys(plain.arrays).length === 0;
  // The whole payload goes with every task of a `map`, so whoever clones makes few of them.
  const clonedChunk = scenario.call === "map" && !isEmpty ? (scenario.chunks.at(-1) as number) : chunk;
  const cloned = checked(
    `${peer.name}, cloned`,
    () => runAll(peer, tasksOf(scenario, plain, clonedChunk, "cloned")),
    loop(scenario, shared, clonedChunk),
  );
  if (isEmpty) return [cloned];
  const tasks = tasksOf(scenario, shared, chunk, "shared");
  const byHand = checked(
    `${peer.name}, shared by hand`,
    () => runAll(peer, tasks),
    loop(scenario, shared, chunk),
  );
  return [cloned, byHand];
}

async function runAll(peer: Peer, { tasks, gather }: Tasks): Promise<unknown> {
  return gather((await Promise.all(tasks.map(peer.run))) as Results);
}
